/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/*
 * After attaching: keeps CAP_BPF and CAP_PERFMON (iterators, maps on 5.10),
 * CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (names of others' descriptors), of
 * those that are there, and gives up the rest for good. 0 or -errno.
 */
int privileges_drop(void);

#endif
