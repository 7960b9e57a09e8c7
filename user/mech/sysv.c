// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mech/sysv.h"

void sysv_format_id(const char *mech, const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "%s:[%u:%llu]", mech, id->domain, (unsigned long long)id->id);
}

static int own_namespace(uint32_t *domain)
{
	struct stat st;

	if (stat("/proc/self/ns/ipc", &st))
		return -errno;
	*domain = st.st_ino;
	return 0;
}

int sysv_parse_id(const char *mech, unsigned mech_id, const char *spec, int (*find)(int key), struct ipc_object_id *id)
{
	size_t len = strlen(mech);
	unsigned int domain, number;
	int end = 0, found;

	if (strncmp(spec, mech, len) || spec[len] != ':')
		return -EINVAL;
	spec += len + 1;
	*id = (struct ipc_object_id){ .mech = mech_id };
	if (sscanf(spec, "[%u:%u]%n", &domain, &number, &end) == 2 && end && !spec[end]) {
		id->domain = domain;
		id->id = number;
		return 0;
	}
	if (sscanf(spec, "0x%x%n", &number, &end) == 1 && end && !spec[end]) {
		found = find(number);
		if (found < 0)
			return -errno;
		number = found;
	} else if (spec[0] < '0' || spec[0] > '9' || sscanf(spec, "%u%n", &number, &end) != 1 || spec[end]) {
		return -EINVAL;
	}
	id->id = number;
	return own_namespace(&id->domain);
}
