// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "export/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_LEN 256 /* of a name in DNS at most 253 */

/* Without port, brackets and last dot; false: longer than any name. */
static bool name_of(const char *host, char name[NAME_LEN])
{
	bool bracketed = *host == '[';
	size_t len = strcspn(host += bracketed, bracketed ? "]" : ":");

	if (len && host[len - 1] == '.')
		len--;
	if (len >= NAME_LEN)
		return false;
	snprintf(name, NAME_LEN, "%.*s", (int)len, host);
	return true;
}

static bool is_address(const char *name)
{
	struct in6_addr address;

	return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

static bool is_localhost(const char *name)
{
	static const char below[] = ".localhost";
	size_t len = strlen(name);

	return !strcasecmp(name, below + 1) || (len > strlen(below) && !strcasecmp(name + len - strlen(below), below));
}

static bool is_one_of(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = names; at && *at; at += *at == ',') {
		if (len && strcspn(at, ",") == len && !strncasecmp(at, name, len))
			return true;
		at += strcspn(at, ",");
	}
	return false;
}

bool host_is_ours(const char *host, const char *names)
{
	char name[NAME_LEN];

	if (!host)
		return true;
	return name_of(host, name) && (is_address(name) || is_localhost(name) || is_one_of(names, name));
}
