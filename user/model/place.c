// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/place.h"

#include <stdio.h>
#include <string.h>

#define DIGITS 64 /* of a container's id */
#define MONITOR "-conmon-"

/* What names a container, and what stands before and after its name in a part of the path. */
static const struct {
	const char *before, *after;
} named[] = {
	{ "lxc.payload.", "" },
	{ "systemd-nspawn@", ".service" },
	{ "machine-", ".scope" },
};

/* Endings that make a part of the path a unit; a slice is one only when it has nothing in it. */
static const char *const units[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

static bool ends_with(const char *part, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len > end_len && !strncmp(part + len - end_len, end, end_len);
}

static void take(char *to, const char *from, size_t len)
{
	snprintf(to, PLACE_LEN, "%.*s", (int)len, from);
}

/* "libpod-conmon-ID.scope", "crio-conmon-ID.scope": who watches the container from outside. */
static bool is_monitor(const char *part, size_t at)
{
	const size_t len = strlen(MONITOR);

	return at >= len && !strncmp(part + at - len, MONITOR, len);
}

/* "docker-ID.scope", "cri-containerd-ID.scope", "ID": 64 digits with nothing of a word beside them. */
static bool is_id(const char *part, size_t len, char *id)
{
	for (size_t at = 0; at + DIGITS <= len; at++) {
		size_t digits = strspn(part + at, "0123456789abcdef");

		if ((at == 0 || part[at - 1] == '-') && digits == DIGITS && !is_monitor(part, at) &&
		    (at + DIGITS == len || part[at + DIGITS] == '.')) {
			take(id, part + at, DIGITS);
			return true;
		}
	}
	return false;
}

static bool is_named(const char *part, size_t len, char *id)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		size_t before = strlen(named[i].before), after = strlen(named[i].after);

		if (len <= before + after || strncmp(part, named[i].before, before) ||
		    (after && !ends_with(part, len, named[i].after)))
			continue;
		take(id, part + before, len - before - after);
		return true;
	}
	return false;
}

bool place_container(const char *path, char id[PLACE_LEN])
{
	bool found = false, in_lxc = false;

	while (*(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");

		if (is_id(path, len, id) || is_named(path, len, id)) {
			found = true;
		} else if (in_lxc) { /* "/lxc/NAME", of older versions */
			take(id, path, len);
			found = true;
		}
		in_lxc = len == 3 && !strncmp(path, "lxc", 3);
		path += len;
	}
	return found;
}

static bool is_unit(const char *part, size_t len)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (ends_with(part, len, units[i]))
			return true;
	return false;
}

bool place_unit(const char *path, char unit[PLACE_LEN])
{
	bool found = false;

	while (*(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");

		if (!is_unit(path, len) && !ends_with(path, len, ".slice"))
			return found;
		take(unit, path, len);
		found = true;
		if (is_unit(path, len))
			return true;
		path += len;
	}
	return found;
}
