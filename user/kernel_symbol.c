// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Kernel symbols and their addresses, from /proc/kallsyms. Formatting that file
 * costs the kernel some 100 ms: a name is looked for no further than needed; who
 * asks about an address has all of it read, once, and kept.
 *
 * Without CAP_SYSLOG, or with kptr_restrict=2, every address reads as 0; without
 * CONFIG_KALLSYMS_ALL only functions are listed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "model/alloc.h"

#define KALLSYMS "/proc/kallsyms"
#define NAME_LEN 64
#define CHUNK (1 << 16)

/* Lines of the file, all in memory or a chunk at a time. */
struct reader {
	int fd; /* -1: nothing more to read */
	char *text;
	size_t size, at;
};

struct symbol {
	uint64_t address;
	const char *name;
	int name_len;
};

/* Moves what is left to the front and reads on; false at the end. */
static bool refill(struct reader *r)
{
	ssize_t got;

	if (r->fd < 0)
		return false;
	r->size -= r->at;
	memmove(r->text, r->text + r->at, r->size);
	r->at = 0;
	got = read(r->fd, r->text + r->size, CHUNK - r->size);
	if (got > 0)
		r->size += got;
	return got > 0;
}

/* "ffffffff813d2580 t name\t[module]" */
static bool next_symbol(struct reader *r, struct symbol *s)
{
	char *line, *newline, *rest;

	while (!(newline = memchr(r->text + r->at, '\n', r->size - r->at)))
		if (!refill(r))
			return false;
	line = r->text + r->at;
	*newline = '\0';
	s->address = strtoull(line, &rest, 16);
	s->name = strlen(rest) > 3 ? rest + 3 : "";
	s->name_len = strcspn(s->name, "\t");
	*newline = '\n';
	r->at = newline + 1 - r->text;
	return true;
}

static bool is_named(const struct symbol *s, const char *name)
{
	return s->name_len == (int)strlen(name) && memcmp(s->name, name, s->name_len) == 0;
}

void kernel_symbols(const char *const *names, uint64_t *addresses, unsigned cnt)
{
	struct reader r = { .fd = open(KALLSYMS, O_RDONLY | O_CLOEXEC), .text = xcalloc(1, CHUNK) };
	unsigned zeros = 0, missing = cnt;
	struct symbol s;

	memset(addresses, 0, cnt * sizeof(*addresses));
	while (missing && next_symbol(&r, &s)) {
		/* the first of the per-CPU variables have address 0 in any case, but not so many */
		zeros = s.address ? 0 : zeros + 1;
		if (zeros > 64)
			break;
		for (unsigned i = 0; i < cnt; i++)
			if (!addresses[i] && is_named(&s, names[i])) {
				addresses[i] = s.address;
				missing--;
			}
	}
	if (r.fd >= 0)
		close(r.fd);
	free(r.text);
}

uint64_t kernel_symbol(const char *name)
{
	uint64_t address;

	kernel_symbols(&name, &address, 1);
	return address;
}

/* The whole file; without addresses it is as good as empty. */
static struct reader read_all(void)
{
	struct reader r = { .fd = -1 };
	size_t room = 0;
	ssize_t got = 1;
	int fd = open(KALLSYMS, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && got > 0) {
		if (room - r.size < CHUNK) {
			room = room ? 2 * room : 16 * CHUNK;
			r.text = xreallocarray(r.text, room, 1);
		}
		got = read(fd, r.text + r.size, room - r.size);
		if (got > 0)
			r.size += got;
	}
	if (fd >= 0)
		close(fd);
	if (!r.text)
		r.text = xcalloc(1, 1);
	return r;
}

/* Functions by address. How long one is is not told: what lies farther behind one is of none. */
#define FUNCTION_MAX (1 << 16)

static struct symbol *functions;
static size_t functions_cnt;

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

int kernel_read_functions(void)
{
	static struct reader all; /* the names lie in it */
	size_t room = 0;
	struct symbol s;

	if (functions)
		return 0;
	all = read_all();
	while (next_symbol(&all, &s)) {
		char type = s.name[-2];

		if (!s.address || !s.name_len || !strchr("tTwW", type))
			continue;
		if (functions_cnt == room) {
			room = room ? 2 * room : 1 << 17;
			functions = xreallocarray(functions, room, sizeof(*functions));
		}
		functions[functions_cnt++] = s;
	}
	qsort(functions, functions_cnt, sizeof(*functions), by_address);
	return functions_cnt ? 0 : -ENOENT;
}

bool kernel_function_around(uint64_t address, char *buf, uint32_t size)
{
	size_t low = 0, high = functions_cnt;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (functions[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - functions[low - 1].address > FUNCTION_MAX)
		return false;
	snprintf(buf, size, "%.*s", functions[low - 1].name_len, functions[low - 1].name);
	return true;
}

/* Addresses asked about, so far: few. The oldest gives way. */
static struct asked {
	uint64_t address;
	char name[NAME_LEN]; /* empty: there is no symbol at this address */
} asked[64];

static const struct asked *ask(uint64_t address)
{
	static struct reader all;
	static unsigned next;
	struct asked *a = &asked[next++ % (sizeof(asked) / sizeof(asked[0]))];
	struct symbol s;

	if (!all.text)
		all = read_all();
	*a = (struct asked){ .address = address };
	for (all.at = 0; next_symbol(&all, &s);)
		if (s.address == address) {
			snprintf(a->name, NAME_LEN, "%.*s", s.name_len, s.name);
			break;
		}
	return a;
}

bool kernel_symbol_at(uint64_t address, char *buf, uint32_t size)
{
	const struct asked *a = NULL;

	if (!address)
		return false;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]) && !a; i++)
		if (asked[i].address == address)
			a = &asked[i];
	if (!a)
		a = ask(address);
	if (!*a->name)
		return false;
	snprintf(buf, size, "%s", a->name);
	return true;
}
