// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One table of system calls for all mechanisms: what they mean by a call must be told apart. */
#include <asm/unistd.h>

#include "mech.h"
#include "syscall_tables.h"
#include "tap.h"

static struct ipc_syscall_alts table[IPC_SYSCALLS];

static void test_every_mechanism_fits(void)
{
	uint32_t mechs = 0;

	for (size_t i = 0; i < mechanism_cnt; i++)
		mechs |= 1u << mechanisms[i]->id;
	ok(syscall_tables_fill(table, mechs) == 0, "all mechanisms' system calls stand beside each other");
}

static void test_shared_meaning(void)
{
	const struct ipc_syscall *read = table[__NR_read].alt;

	ok(read[0].kind == SYSCALL_FD && read[0].op == OP_RECV, "read is a receive");
	ok((read[0].mechs & (1u << MECH_PIPE)) && (read[0].mechs & (1u << MECH_FIFO)), "one entry serves both");
	ok(read[1].kind == SYSCALL_NONE, "and there is no second one");
}

static void test_unwanted(void)
{
	syscall_tables_fill(table, 1u << MECH_FIFO);
	ok(table[__NR_read].alt[0].mechs == 1u << MECH_FIFO, "only who is wanted");
	syscall_tables_fill(table, 0);
	ok(table[__NR_read].alt[0].kind == SYSCALL_NONE, "nobody wanted, nothing followed");
}

int main(void)
{
	test_every_mechanism_fits();
	test_shared_meaning();
	test_unwanted();
	return done_testing();
}
