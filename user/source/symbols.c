// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/symbols.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <uthash.h>

#include "kernel.h"
#include "model/alloc.h"

#define PROGRAMS_MAX 64 /* processes whose programs are open; the first one in gives way */

struct program {
	struct ipc_process_key process;
	Dwfl *dwfl; /* NULL: it cannot be looked at */
	UT_hash_handle hh;
};

struct symbols {
	struct program *programs;
};

struct symbols *symbols_new(void)
{
	kernel_read_functions();
	return xcalloc(1, sizeof(struct symbols));
}

static void forget(struct symbols *s, struct program *p)
{
	HASH_DEL(s->programs, p);
	if (p->dwfl)
		dwfl_end(p->dwfl);
	free(p);
}

void symbols_free(struct symbols *s)
{
	struct program *p, *next;

	if (!s)
		return;
	HASH_ITER(hh, s->programs, p, next)
		forget(s, p);
	free(s);
}

/* The file as the process itself sees it: it may be in a container. */
static int find_elf(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, char **file, Elf **elf)
{
	const struct program *p = *user;
	char path[4096];
	int fd = -1;

	if (p && *name == '/') {
		snprintf(path, sizeof(path), "/proc/%u/root%s", p->process.tgid, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return dwfl_linux_proc_find_elf(module, user, name, base, file, elf);
	*file = xstrdup(name);
	return fd;
}

/* What a distribution strips lies in files of its own, which are large: names of libraries are enough. */
static int find_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,
			  const char *link, GElf_Word crc, char **debug)
{
	(void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)debug;
	return -1;
}

static int note_program(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr start, void *program)
{
	(void)module, (void)name, (void)start;
	*user = program;
	return DWARF_CB_OK;
}

/* Which files it has mapped where, as of now. */
static bool look_at(struct program *p)
{
	dwfl_report_begin(p->dwfl);
	if (dwfl_linux_proc_report(p->dwfl, p->process.tgid) || dwfl_report_end(p->dwfl, NULL, NULL))
		return false;
	dwfl_getmodules(p->dwfl, note_program, p, 0);
	return true;
}

static struct program *program_of(struct symbols *s, const struct symbol_key *key)
{
	static const Dwfl_Callbacks callbacks = { .find_elf = find_elf, .find_debuginfo = find_debuginfo };
	const struct ipc_process_key process = { .tgid = key->tgid, .start = key->start };
	struct program *p;

	HASH_FIND(hh, s->programs, &process, sizeof(process), p);
	if (p)
		return p;
	if (HASH_COUNT(s->programs) >= PROGRAMS_MAX)
		forget(s, s->programs);
	p = xcalloc(1, sizeof(*p));
	p->process = process;
	p->dwfl = dwfl_begin(&callbacks);
	if (p->dwfl && !look_at(p)) {
		dwfl_end(p->dwfl);
		p->dwfl = NULL;
	}
	HASH_ADD(hh, s->programs, process, sizeof(process), p);
	return p;
}

static bool find_in_program(struct symbols *s, const struct symbol_key *key, struct symbol *symbol)
{
	struct program *p = program_of(s, key);
	Dwfl_Module *module;
	const char *name;

	if (!p->dwfl)
		return false;
	module = dwfl_addrmodule(p->dwfl, key->address);
	if (!module && look_at(p)) /* mapped since */
		module = dwfl_addrmodule(p->dwfl, key->address);
	if (!module)
		return false;
	name = dwfl_module_addrname(module, key->address);
	if (name) {
		snprintf(symbol->name, sizeof(symbol->name), "%s", name);
		return true;
	}
	name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	snprintf(symbol->name, sizeof(symbol->name), "[%s]", name ? basename(name) : "?");
	return true;
}

bool symbols_find(struct symbols *s, const struct symbol_key *key, struct symbol *symbol)
{
	*symbol = (struct symbol){ 0 };
	if (key->tgid)
		return find_in_program(s, key, symbol);
	return kernel_function_around(key->address, symbol->name, sizeof(symbol->name));
}
