// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "mech.h"

#define X(id, NAME, name) extern const struct mechanism mech_##name;
IPC_MECHANISMS(X)
#undef X

const struct mechanism *const mechanisms[] = {
#define X(id, NAME, name) &mech_##name,
	IPC_MECHANISMS(X)
#undef X
};
const size_t mechanism_cnt = sizeof(mechanisms) / sizeof(mechanisms[0]);

const char *backend_name(enum backend backend)
{
	static const char *const names[BACKEND_CNT] = {
		[BACKEND_NONE] = "none",
		[BACKEND_FUNCTION] = "function",
		[BACKEND_SYSCALL] = "syscall",
	};

	return names[backend];
}

const struct mechanism *mechanism_by_name(const char *name)
{
	for (size_t i = 0; i < mechanism_cnt; i++)
		if (strcmp(mechanisms[i]->name, name) == 0)
			return mechanisms[i];
	return NULL;
}

const struct mechanism *mechanism_by_id(unsigned id)
{
	for (size_t i = 0; i < mechanism_cnt; i++)
		if (mechanisms[i]->id == id)
			return mechanisms[i];
	return NULL;
}

static bool is_counted(const struct mechanism *m, enum backend backend, uint32_t profile, enum ipc_op op)
{
	bool hooked = false;

	for (const struct mech_hook *h = m->hooks; h && h->program; h++) {
		bool applies = h->only ? h->only == backend : backend == BACKEND_FUNCTION || h->tracepoint;

		if (!applies || (h->op != (int)op && h->begins != BEGINS(op)))
			continue;
		if (!h->needs || (h->needs & profile))
			return true;
		hooked = true;
	}
	for (const struct mech_syscall *c = m->syscalls; backend == BACKEND_SYSCALL && c && c->name; c++)
		if (c->op == op)
			return true;
	return !hooked; /* nobody said who counts them: the descriptor tells whether they are */
}

uint32_t mech_unseen(const struct mechanism *m, enum backend backend, uint32_t profile)
{
	uint32_t unseen = m->unseen[backend];

	for (const struct mech_hook *h = m->hooks; backend == BACKEND_FUNCTION && h && h->program; h++)
		if (h->needs && !(h->needs & profile))
			unseen |= h->tells;
	return unseen | (is_counted(m, backend, profile, OP_OPEN) ? 0 : UNSEEN_OPEN) |
	       (is_counted(m, backend, profile, OP_CLOSE) ? 0 : UNSEEN_CLOSE) |
	       (is_counted(m, backend, profile, OP_CTL) ? 0 : UNSEEN_CTL);
}

bool mech_stamped_later(const uint32_t *a, const uint32_t *b)
{
	int32_t later = a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP];

	if (!a[IPC_STATE_STAMP] || !b[IPC_STATE_STAMP])
		return a[IPC_STATE_STAMP] > b[IPC_STATE_STAMP];
	return later ? later > 0 : a[IPC_STATE_FINE] >= b[IPC_STATE_FINE];
}
