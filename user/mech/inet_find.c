// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The socket that the fd directory of proc calls socket:[INODE], in the kernel's own tables of our network namespace. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mech/inet.h"

struct end {
	uint64_t address;
	unsigned port;
};

struct row {
	struct end own, other;
	unsigned long long inode;
};

/* "0100007F:0050" or four such words: as the address lies in memory. */
static bool parse_end(const char *text, unsigned port, struct end *end)
{
	uint32_t words[4] = { 0, 0, 0xffff0000u, 0 };
	bool v6 = strlen(text) == 32;

	if (!v6 && strlen(text) != 8)
		return false;
	for (unsigned i = 0; i < (v6 ? 4 : 1); i++)
		if (sscanf(text + 8 * i, "%8x", &words[v6 ? i : 3]) != 1)
			return false;
	*end = (struct end){ inet_fold(words[0], words[1], words[2], words[3]), port };
	return true;
}

/* The first row that `is` says yes to. false: none. */
static bool find_row(const char *path, bool (*is)(const struct row *row, const struct row *wanted), const struct row *wanted,
		     struct row *row)
{
	FILE *f = fopen(path, "re");
	char line[512], own[33], other[33];
	unsigned own_port, other_port;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %32[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x %*x %*x:%*x %*x:%*x %*x %*u %*u %llu", own, &own_port, other,
			       &other_port, &row->inode) == 5 &&
			parse_end(own, own_port, &row->own) && parse_end(other, other_port, &row->other) && is(row, wanted);
	if (f)
		fclose(f);
	return found;
}

static bool has_inode(const struct row *row, const struct row *wanted)
{
	return row->inode == wanted->inode;
}

static bool same_end(const struct end *a, const struct end *b)
{
	return a->address == b->address && a->port == b->port;
}

static bool is_connected_back(const struct row *row, const struct row *wanted)
{
	return same_end(&row->own, &wanted->other) && same_end(&row->other, &wanted->own);
}

static bool find_in(const char *path, unsigned protocol, unsigned long long inode, struct ipc_object_id *id)
{
	struct row wanted, row, back;

	memset(&wanted, 0, sizeof(wanted));
	memset(&row, 0, sizeof(row));
	memset(&back, 0, sizeof(back));
	wanted.inode = inode;
	if (!find_row(path, has_inode, &wanted, &row))
		return false;
	/* a UDP socket that is not connected back is an object of its own */
	if (row.other.port && (protocol == INET_TCP || find_row(path, is_connected_back, &row, &back)))
		id->id = inet_pair_key(id->domain, protocol, row.own.address, row.own.port, row.other.address, row.other.port);
	else
		id->id = inet_key(id->domain, protocol, row.own.address, row.own.port);
	return true;
}

int inet_find(unsigned long long inode, struct ipc_object_id *id)
{
	static const struct {
		const char *path;
		unsigned protocol;
	} tables[] = {
		{ "/proc/self/net/tcp", INET_TCP },
		{ "/proc/self/net/tcp6", INET_TCP },
		{ "/proc/self/net/udp", INET_UDP },
		{ "/proc/self/net/udp6", INET_UDP },
	};

	for (unsigned i = 0; inode && i < sizeof(tables) / sizeof(tables[0]); i++)
		if (find_in(tables[i].path, tables[i].protocol, inode, id))
			return 0;
	return -ENOENT;
}
