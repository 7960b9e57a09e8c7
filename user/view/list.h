/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_LIST_H
#define VIEW_LIST_H

#include "cli.h"

/* `ipctrace list`: mechanisms with hooks, system calls, fields and blind spots; columns. Returns the exit status. */
int view_list(const struct cli_options *o);

#endif
