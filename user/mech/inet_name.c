// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Addresses and ports of loopback sockets as text, both ways. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mech/inet.h"

static const uint32_t mapped[3] = { 0, 0, 0xffff0000u }; /* of an IPv4 address */

/* Inode number of our own network namespace; 0: not known. */
static uint32_t own_net(void)
{
	static uint32_t net;
	struct stat st;

	if (!net && !stat("/proc/self/ns/net", &st))
		net = st.st_ino;
	return net;
}

static void format_end(const struct inet_name *name, unsigned which, char *buf, size_t size)
{
	const uint32_t *address = name->address[which];
	char text[INET6_ADDRSTRLEN];

	if (memcmp(address, mapped, sizeof(mapped)))
		snprintf(buf, size, "[%s]:%u", inet_ntop(AF_INET6, address, text, sizeof(text)), name->port[which]);
	else
		snprintf(buf, size, "%s:%u", inet_ntop(AF_INET, &address[3], text, sizeof(text)), name->port[which]);
}

void inet_format_name(const struct ipc_object_id *id, const char *raw, char *buf, size_t size)
{
	char ends[2][INET6_ADDRSTRLEN + 10] = { "", "" }, elsewhere[32] = "";
	struct inet_name name;

	memcpy(&name, raw, sizeof(name));
	for (unsigned i = 0; i < 2 && i < name.ends; i++)
		format_end(&name, i, ends[i], sizeof(ends[i]));
	if (own_net() && id->domain != own_net())
		snprintf(elsewhere, sizeof(elsewhere), "@net:[%u]", id->domain);
	snprintf(buf, size, "%s:%s%s%s%s", name.protocol == INET_TCP ? "tcp" : "udp", ends[0], name.ends == 2 ? "-" : "", ends[1],
		 elsewhere);
}

void inet_format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "inet:[%u:%llx]", id->domain, (unsigned long long)id->id);
}

/* "ADDRESS:PORT" up to a byte of `until` or the end; returns what follows, or NULL. */
static const char *parse_end(const char *text, const char *until, uint64_t *address, unsigned *port)
{
	size_t len = strcspn(text, until), skip = text[0] == '[';
	char copy[INET6_ADDRSTRLEN + 10], *colon, *end;
	uint32_t words[4] = { mapped[0], mapped[1], mapped[2], 0 };

	if (len >= sizeof(copy))
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	colon = strrchr(copy, ':');
	if (!colon || colon == copy || (skip && colon[-1] != ']'))
		return NULL;
	*port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end || *port > 65535)
		return NULL;
	colon[skip ? -1 : 0] = '\0';
	if (inet_pton(skip ? AF_INET6 : AF_INET, copy + skip, skip ? words : &words[3]) != 1)
		return NULL;
	*address = inet_fold(words[0], words[1], words[2], words[3]);
	return text + len;
}

static int parse_name(const char *spec, struct ipc_object_id *id)
{
	unsigned protocol = !strncmp(spec, "tcp:", 4) ? INET_TCP : !strncmp(spec, "udp:", 4) ? INET_UDP : 0, port, other_port;
	uint64_t address, other;
	int end = 0;

	if (!protocol)
		return -EINVAL;
	spec = parse_end(spec + 4, "-@", &address, &port);
	if (!spec)
		return -EINVAL;
	id->domain = own_net();
	if (*spec == '-') {
		spec = parse_end(spec + 1, "@", &other, &other_port);
		if (!spec)
			return -EINVAL;
		if (*spec && (sscanf(spec, "@net:[%u]%n", &id->domain, &end) != 1 || !end || spec[end]))
			return -EINVAL;
		id->id = inet_pair_key(id->domain, protocol, address, port, other, other_port);
		return 0;
	}
	if (*spec && (sscanf(spec, "@net:[%u]%n", &id->domain, &end) != 1 || !end || spec[end]))
		return -EINVAL;
	id->id = inet_key(id->domain, protocol, address, port);
	return 0;
}

int inet_parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long hash, inode;
	unsigned net;
	int end = 0;

	*id = (struct ipc_object_id){ .mech = MECH_INET };
	if (sscanf(spec, "socket:[%llu]%n", &inode, &end) == 1 && end && !spec[end]) {
		id->domain = own_net();
		return inet_find(inode, id);
	}
	if (sscanf(spec, "inet:[%u:%llx]%n", &net, &hash, &end) != 2 || !end || spec[end])
		return parse_name(spec, id);
	id->id = hash;
	id->domain = net;
	return 0;
}
