/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_DOCTOR_MEMORY_H
#define VIEW_DOCTOR_MEMORY_H

#include <stdio.h>

#include "cli.h"
#include "kernel.h"
#include "out/json.h"

/* A table of the maps, or a key "map_memory"; nothing when the maps cannot be read. */
void doctor_print_memory(FILE *out, const struct cli_options *o, const struct kernel *k);
void doctor_json_memory(struct json *j, const struct cli_options *o, const struct kernel *k);

#endif
