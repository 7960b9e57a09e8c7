// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A plugin for QEMU: how often every instruction of the guest's kernel was executed between the marks of ipc-load
 * (load.c), as lines "ADDRESS COUNT" in hexadecimal and decimal. Loaded with -plugin FILE,out=FILE. It declares what it
 * uses of QEMU's interface for plugins, version 1: no package of Debian 12 has that header.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

#define EXPORT __attribute__((visibility("default")))
#define TABLE_BITS 18
#define BLOCK_MAX 1024 /* instructions; QEMU translates at most 512 at a time */

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum plugin_op { INLINE_ADD_U64 };
enum plugin_cb_flags { CB_NO_REGS };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, enum plugin_op op, void *to, uint64_t n);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*cb)(unsigned cpu, void *data),
						   enum plugin_cb_flags flags, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;

/* What QEMU translated at once. The same code may be translated again and again, and other code to the same address. */
struct block {
	struct block *next;
	uint64_t address;
	uint64_t executed; /* QEMU adds to it */
	uint32_t cnt;
	uint16_t at[]; /* of each instruction, from `address` on */
};

static struct block *blocks[1 << TABLE_BITS];
static char *output;

static struct block *block_of(uint64_t address, const uint16_t *at, uint32_t cnt)
{
	struct block **first = &blocks[address * 0x9e3779b97f4a7c15ull >> (64 - TABLE_BITS)], *b;

	for (b = *first; b; b = b->next)
		if (b->address == address && b->cnt == cnt && !memcmp(b->at, at, cnt * sizeof(*at)))
			return b;
	b = calloc(1, sizeof(*b) + cnt * sizeof(*at));
	if (!b)
		abort();
	b->address = address;
	b->cnt = cnt;
	memcpy(b->at, at, cnt * sizeof(*at));
	b->next = *first;
	*first = b;
	return b;
}

static void begins(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		for (struct block *b = blocks[i]; b; b = b->next)
			b->executed = 0;
}

static void ends(unsigned cpu, void *data)
{
	FILE *f = fopen(output, "we");

	(void)cpu;
	(void)data;
	if (!f) {
		perror(output);
		return;
	}
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		for (const struct block *b = blocks[i]; b; b = b->next)
			for (uint32_t k = 0; b->executed && k < b->cnt; k++)
				fprintf(f, "%llx %llu\n", (unsigned long long)b->address + b->at[k], (unsigned long long)b->executed);
	fclose(f);
}

static void look_for_marks(struct qemu_plugin_tb *tb, uint32_t cnt)
{
	static const uint8_t begin[] = { MARK(MARK_BEGIN) }, end[] = { MARK(MARK_END) };

	for (uint32_t i = 0; i < cnt; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_size(insn) != sizeof(begin))
			continue;
		if (!memcmp(qemu_plugin_insn_data(insn), begin, sizeof(begin)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begins, CB_NO_REGS, NULL);
		if (!memcmp(qemu_plugin_insn_data(insn), end, sizeof(end)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, ends, CB_NO_REGS, NULL);
	}
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	uint32_t cnt = qemu_plugin_tb_n_insns(tb);
	uint16_t at[BLOCK_MAX];

	(void)id;
	if (cnt > BLOCK_MAX)
		return;
	if (!(address >> 63)) { /* user space */
		look_for_marks(tb, cnt);
		return;
	}
	for (uint32_t i = 0; i < cnt; i++)
		at[i] = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i)) - address;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &block_of(address, at, cnt)->executed, 1);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) || !(output = strdup(argv[0] + 4)))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
