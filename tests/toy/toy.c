// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A toy mechanism: what is written to /dev/null. */
#include <asm/unistd.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "mech.h"
#include "syscall.h"

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "toy:[%llu]", (unsigned long long)id->id);
}

static int parse_id(const char *spec, struct ipc_object_id *id)
{
	(void)spec, (void)id;
	return -EINVAL;
}

static const struct mech_hook hooks[] = {
	{"toy_write_exit", "write_null", .op = OP_SEND},
	{"toy_write_entry", "write_null", PROFILE_WAITS | PROFILE_LATENCY, .op = -1, .begins = BEGINS(OP_SEND)},
	{.program = NULL},
};

static const struct mech_syscall syscalls[] = {
	{"write", __NR_write, SYSCALL_FD, OP_SEND, 0, -1, 2, .cmd_arg = -1},
	MECH_SYSCALLS_END,
};

const struct mechanism mech_toy = {
	.id = MECH_TOY,
	.name = "toy",
	.summary = "what is written to /dev/null",
	.object = "toy",
	.hooks = hooks,
	.syscalls = syscalls,
	.file_mode = S_IFCHR,
	.format_id = format_id,
	.parse_id = parse_id,
};
