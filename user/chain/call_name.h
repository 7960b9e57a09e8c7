/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CHAIN_CALL_NAME_H
#define CHAIN_CALL_NAME_H

/* The name of a system call that tasks sleep in, on this architecture; NULL: another one. */
const char *call_name(int nr);

#endif
