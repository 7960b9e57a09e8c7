// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "graph/actor.h"

#include <stdio.h>
#include <string.h>

struct actor actor_of(const struct process *p, enum actor_kind kind)
{
	struct actor a = { .kind = kind, .process = p };

	switch (kind) {
	case ACTOR_CGROUP:
		a.name = p->cgroup ? p->cgroup->path : NULL;
		break;
	case ACTOR_CONTAINER:
		a.name = p->cgroup ? p->cgroup->container : NULL;
		break;
	case ACTOR_UNIT:
		a.name = p->cgroup ? p->cgroup->unit : NULL;
		break;
	default:
		a.name = *p->comm ? p->comm : NULL;
	}
	/* the kernel and its timers are in no group */
	if (!p->key.tgid)
		a.name = p->comm;
	return a;
}

size_t actor_key(const struct actor *a, char key[ACTOR_KEY_LEN])
{
	size_t len;

	memset(key, 0, ACTOR_KEY_LEN);
	if (a->kind == ACTOR_PROCESS)
		len = snprintf(key, ACTOR_KEY_LEN, "%u %u", a->process->key.tgid, a->process->key.start);
	else
		len = snprintf(key, ACTOR_KEY_LEN, "%d%d%s", !a->process->key.tgid, !a->name, a->name ? a->name : "");
	return len < ACTOR_KEY_LEN ? len : ACTOR_KEY_LEN - 1;
}

const char *actor_kind_name(enum actor_kind kind)
{
	static const char *const names[] = {
		[ACTOR_PROCESS] = "process",	 [ACTOR_COMMAND] = "command", [ACTOR_CGROUP] = "cgroup",
		[ACTOR_CONTAINER] = "container", [ACTOR_UNIT] = "unit",
	};

	return names[kind];
}
