/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fills the tables of the syscall backend (bpf/syscall.h) from the mechanisms' descriptors. */
#ifndef SYSCALL_TABLES_H
#define SYSCALL_TABLES_H

#include <stdint.h>

#include "kernel.h"
#include "loader.h"
#include "syscall.h"

/* Before load: which inodes are objects, where their state words lie. 0 or -errno. */
int syscall_tables_classes(struct loaded *l, const struct kernel *k, uint32_t mechs);

/*
 * Which system calls are operations of these mechanisms (bits), by number. 0, or
 * -EEXIST: two mechanisms mean different things by one call and no command tells
 * them apart; -ENOSPC: one call means too many things.
 */
int syscall_tables_fill(struct ipc_syscall_alts table[IPC_SYSCALLS], uint32_t mechs);

/* After load: the same, into the map. 0 or -errno. */
int syscall_tables_calls(struct loaded *l, uint32_t mechs);

#endif
