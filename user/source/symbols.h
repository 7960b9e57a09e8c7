/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names for addresses of running processes and of the kernel; libdw reads the programs. */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>

#include "source/snapshot.h"

struct symbols; /* opaque */

/* Reads the kernel's, while that is allowed. Never NULL. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *s);

/*
 * The function around this address, or, of a program without names, "[FILE]". false: nothing is known of it,
 * and once its process has ended nothing will be. A process is looked at again when it has mapped more.
 */
bool symbols_find(struct symbols *s, const struct symbol_key *key, struct symbol *symbol);

#endif
