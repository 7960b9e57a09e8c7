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

bool mech_stamped_later(const uint32_t *a, const uint32_t *b)
{
	int32_t later = a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP];

	if (!a[IPC_STATE_STAMP] || !b[IPC_STATE_STAMP])
		return a[IPC_STATE_STAMP] > b[IPC_STATE_STAMP];
	return later ? later > 0 : a[IPC_STATE_FINE] >= b[IPC_STATE_FINE];
}
