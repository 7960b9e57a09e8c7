/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A registry of two mechanisms and three columns, for tests of the command line.
 * Their texts hold what roff and the shells could take amiss.
 */
#include <string.h>
#include <strings.h>

#include "column.h"
#include "mech.h"

static const char *const pipe_blind[] = {
	"a task that was inside when we started",
	"'quoted' \"text\", `back` ^caret~ \\backslash\\n, caf\xc3\xa9 \xe2\x80\x93 and \xf0\x9f\x90\xa7, [a:b] $HOME",
	NULL,
};

static const struct mechanism stub_pipe = {
	.id = 1,
	.name = "pipe",
	.summary = "it's a ring of [pages]: $(cheap)",
	.man = "A pipe is a ring.\nIt has slots; see --min-us and lock-free.\n"
	       "\n"
	       ".Second paragraph \xe2\x86\x92 with a dot in front.\n"
	       "'Third line with a quote in front.",
	.blind = pipe_blind,
};

static const struct mechanism stub_fifo = {
	.id = 31,
	.name = "fifo",
	.summary = "a pipe with a name",
};

const struct mechanism *const mechanisms[] = { &stub_pipe, &stub_fifo };
const size_t mechanism_cnt = 2;

const struct mechanism *mechanism_by_name(const char *name)
{
	for (size_t i = 0; i < mechanism_cnt; i++)
		if (strcmp(mechanisms[i]->name, name) == 0)
			return mechanisms[i];
	return NULL;
}

const struct column columns[] = {
	{ .name = "object", .help = "what it's called: pipe:[81234]" },
	{ .name = "send-bytes", .help = "bytes sent per second" },
	{ .name = "recv-bytes", .help = "bytes received per second." },
};
const size_t column_cnt = 3;

/* An internal of a mechanism, which is in no table of columns. */
static const struct column stub_internal = { .name = "merged_writes", .help = "an internal" };

const struct column *column_by_name(const char *name)
{
	for (size_t i = 0; i < column_cnt; i++)
		if (strcasecmp(columns[i].name, name) == 0)
			return &columns[i];
	return strcasecmp(stub_internal.name, name) == 0 ? &stub_internal : NULL;
}

void column_for_each_name(void (*take)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < column_cnt; i++)
		take(arg, columns[i].name);
	take(arg, stub_internal.name);
}
