// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the numbers in a ring's slots and descriptors are called. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "view/ring_state.h"

/* include/linux/pipe_fs_i.h, the same from 5.8 on */
#define FLAG_GIFT 0x04
#define FLAG_PACKET 0x08
#define FLAG_CAN_MERGE 0x10

static const char *const slot_flags[] = { "LRU", "ATOMIC", "GIFT", "PACKET", "CAN_MERGE", "WHOLE", "LOSS" };

const char *ring_flag_name(unsigned i)
{
	return i < sizeof(slot_flags) / sizeof(slot_flags[0]) ? slot_flags[i] : NULL;
}

static const struct {
	uint32_t bit;
	const char *name;
} open_flags[] = {
	{ O_NONBLOCK, "O_NONBLOCK" }, { O_DIRECT, "O_DIRECT" }, { O_APPEND, "O_APPEND" }, { O_ASYNC, "O_ASYNC" },
	{ O_SYNC, "O_SYNC" },	      { O_PATH, "O_PATH" },	{ O_NOATIME, "O_NOATIME" },
};

bool ring_open_flag(uint32_t flags, unsigned *at, const char **name)
{
	while (*at < sizeof(open_flags) / sizeof(open_flags[0])) {
		uint32_t bit = open_flags[*at].bit;

		*name = open_flags[(*at)++].name;
		if ((flags & bit) == bit)
			return true;
	}
	return false;
}

/*
 * By the operations of the slot. implied: flags that no other kind carries, which
 * tell it where kernel addresses are hidden or data symbols are not listed.
 */
static const struct {
	const char *ops;
	const char *word;
	const char *text;
	uint32_t implied;
} page_kinds[] = {
	{ "anon_pipe_buf_ops", "anonymous", "kernel page (written)", FLAG_CAN_MERGE | FLAG_PACKET },
	{ "page_cache_pipe_buf_ops", "page_cache", "page cache", 0 },
	{ "user_page_pipe_buf_ops", "user", "user page (vmsplice)", FLAG_GIFT },
	{ "default_pipe_buf_ops", "kernel", "kernel page (splice)", 0 },
	{ "nosteal_pipe_buf_ops", "shared", "shared page (network)", 0 },
	{ "sock_pipe_buf_ops", "shared", "shared page (network)", 0 },
	{ "smc_pipe_ops", "shared", "shared page (network)", 0 },
	{ "watch_queue_pipe_buf_ops", "notification", "notifications", 0 },
	{ "relay_pipe_buf_ops", "relay", "relay buffer", 0 },
};
#define PAGE_KIND_CNT (sizeof(page_kinds) / sizeof(page_kinds[0]))

void ring_page(const struct ipc_ring_slot *slot, struct ring_page *page)
{
	bool named = kernel_symbol_at(slot->ops, page->symbol, sizeof(page->symbol));

	page->word = named ? page->symbol : NULL;
	for (size_t i = 0; i < PAGE_KIND_CNT; i++)
		if (named ? strcmp(page_kinds[i].ops, page->symbol) == 0 : (slot->flags & page_kinds[i].implied) != 0) {
			page->word = page_kinds[i].word;
			page->text = page_kinds[i].text;
			return;
		}
	page->text = page->word;
	/* a file's page, which a splice or a vmsplice of mapped memory can have put there */
	if (!named && slot->inode)
		page->text = "file page";
}

const char *ring_mode(uint32_t mode)
{
	static const char *const modes[] = { "-", "r", "w", "rw" };

	return modes[mode & 3];
}
