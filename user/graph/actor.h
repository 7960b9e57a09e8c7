/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process as what it is grouped by: itself, its command, its cgroup, its container, its unit. */
#ifndef ACTOR_H
#define ACTOR_H

#include "model/process.h"

enum actor_kind {
	ACTOR_PROCESS = 0,
	ACTOR_COMMAND,
	ACTOR_CGROUP,
	ACTOR_CONTAINER,
	ACTOR_UNIT,
};

struct actor {
	enum actor_kind kind;
	const char *name; /* raw bytes: the command, path, container or unit; NULL: in none, or not known */
	const struct process *process; /* one of it, for ACTOR_PROCESS the one */
};

struct actor actor_of(const struct process *p, enum actor_kind kind);

/* Equal for two processes exactly when they are one actor. */
#define ACTOR_KEY_LEN 4200
size_t actor_key(const struct actor *a, char key[ACTOR_KEY_LEN]); /* its length */

const char *actor_kind_name(enum actor_kind kind); /* "process", "command", "cgroup", "container", "unit" */

#endif
