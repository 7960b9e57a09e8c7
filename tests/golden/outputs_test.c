// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every output, as it was last approved: the story of story.h through each view
 * against the files in expected/. Run with --record to write these anew; then
 * read the difference before you commit it.
 */
#include <json-c/json.h>

#include "../unit/tap.h"
#include "story.h"
#include "view/view.h"

struct output {
	const char *name;
	struct report_options options;
	enum backend backend;
	uint32_t profile;
	bool losses;
	uint32_t unseen; /* besides the backend's */
};

#define USUAL (PROFILE_WAITS | PROFILE_DETAIL)

static const struct output outputs[] = {
	{ "trace", {}, BACKEND_FUNCTION, USUAL, false, 0 },
	{ "trace-wide", { .width = 150 }, BACKEND_FUNCTION, PROFILE_ALL, false, 0 },
	{ "trace-narrow", { .width = 50, .ascii = true }, BACKEND_FUNCTION, USUAL, false, 0 },
	{ "trace-terminal", { .terminal = true, .color = true, .width = 80, .height = 8 }, BACKEND_FUNCTION, USUAL, true,
	  0 },
	{ "trace-columns", { .columns = "id,seen,sent,moved,head,merged_writes,pages_reused,balance", .sort = "sent" },
	  BACKEND_FUNCTION, USUAL, false, 0 },
	{ "trace-added", { .columns = "+lat-w,+errors", .sort = "object", .rows = 2 }, BACKEND_FUNCTION, PROFILE_ALL,
	  false, 0 },
	{ "trace-places", { .columns = "id,writer,cgroup-w,container-w,unit-w,container-r,unit-r" }, BACKEND_FUNCTION, USUAL,
	  false, 0 },
	{ "trace-syscall", {}, BACKEND_SYSCALL, USUAL, false, 0 },
	{ "trace-counts", {}, BACKEND_FUNCTION, 0, false, UNSEEN_STATE },
	{ "trace-losses", {}, BACKEND_FUNCTION, USUAL, true, 0 },
	{ "trace-failed-only", {}, BACKEND_FUNCTION, USUAL, false, UNSEEN_SOME_OPS },
	{ "events", { .events = true }, BACKEND_FUNCTION, PROFILE_ALL, true, 0 },
	{ "hist", { .hist = true, .hist_intervals = true }, BACKEND_FUNCTION, PROFILE_ALL, false, 0 },
	{ "hist-ascii", { .hist = true, .ascii = true }, BACKEND_FUNCTION, PROFILE_ALL, false, 0 },
	{ "json", { .json = true, .events = true }, BACKEND_FUNCTION, PROFILE_ALL, false, 0 },
	{ "json-syscall", { .json = true }, BACKEND_SYSCALL, USUAL, true, 0 },
	{ "graph-dot", { .kind = REPORT_GRAPH, .graph = { .nodes = 24 } }, BACKEND_FUNCTION, USUAL, true, 0 },
	{ "graph-units", { .kind = REPORT_GRAPH, .graph = { ACTOR_UNIT, GRAPH_WAKES, 2, false } }, BACKEND_FUNCTION, USUAL,
	  false, 0 },
	{ "graph-json", { .kind = REPORT_GRAPH, .graph_format = GRAPH_JSON, .json = true, .graph = { .nodes = 3 } },
	  BACKEND_FUNCTION, USUAL, true, 0 },
	{ "graph-json-counts", { .kind = REPORT_GRAPH, .graph_format = GRAPH_JSON, .json = true, .graph = { .nodes = 3 } },
	  BACKEND_FUNCTION, 0, false, 0 },
	{ "json-counts", { .json = true, .rows = 1 }, BACKEND_FUNCTION, 0, false, UNSEEN_STATE },
	{ "chrome", { .kind = REPORT_CHROME }, BACKEND_FUNCTION, PROFILE_ALL, true, 0 },
	{ "folded", { .kind = REPORT_FOLDED }, BACKEND_FUNCTION, PROFILE_ALL, false, 0 },
	{ "folded-waits", { .kind = REPORT_FOLDED_WAITS }, BACKEND_FUNCTION, PROFILE_ALL, false, 0 },
	{ "folded-stacks", { .kind = REPORT_FOLDED }, BACKEND_FUNCTION, PROFILE_ALL | PROFILE_STACKS, false, 0 },
	{ "folded-stacks-waits", { .kind = REPORT_FOLDED_WAITS }, BACKEND_FUNCTION, PROFILE_ALL | PROFILE_STACKS, false, 0 },
};

static const struct report_filter filters[] = { { "pid", "1201,1202" }, { "comm", "a\"b\033" } };
static const char *const hooks[] = { "fexit:pipe_write", "fexit:pipe_read", NULL };
static const char *const unhooked[] = { "fentry:anon_pipe_trim_and_unlock", NULL };

static void lose(struct snapshot *s)
{
	s->losses = (struct losses){ .missed = 3 + 2 + 5, .map_full = 1 };
	s->missed_by_mech[MECH_PIPE].ended[OP_SEND] = 3;
	s->missed_by_mech[MECH_PIPE].begun[OP_RECV] = 2;
	s->missed_by_mech[MECH_FIFO].ended[OP_RECV] = 5;
	s->missed_by_mech[MECH_FIFO].shared = 1;
	s->missed_charged = 3 + 2 + 5;
}

static struct model *make_model(const struct output *o)
{
	struct model_config config = reading_config(o->backend, o->profile);

	config.cgroup_path = story_cgroup;
	config.can[MECH_PIPE].unseen |= o->unseen;
	config.can[MECH_FIFO].unseen |= o->unseen;
	return model_new(&config);
}

static void tell(struct report *r, struct model *m, const struct output *o)
{
	struct snapshot s = { 0 };
	struct ipc_event events[3];

	story_events(events);
	for (unsigned n = 1; n <= STORY_READINGS; n++) {
		story_reading(&s, n);
		if (o->losses && n > 1)
			lose(&s);
		for (unsigned i = 0; n == 2 && i < 3; i++)
			report_event(r, &events[i]);
		model_update(m, &s);
		report_interval(r);
	}
	report_summary(r);
	snapshot_free(&s);
}

/* What the output is, as text to be freed. */
static char *make(const struct output *o)
{
	const struct report_mechanism mechs[] = {
		{ mechanism_by_id(MECH_PIPE), o->backend, hooks, unhooked, NULL },
		{ mechanism_by_id(MECH_FIFO), o->backend, hooks, NULL, "a note" },
	};
	const struct report_start start = {
		.version = "0.0.0", .kernel = "6.1.0-13-cloud-amd64", .machine = "x86_64",
		.time = "2026-01-02T03:04:05Z", .start_ns = START_NS, .interval_s = 1, .mechanisms = mechs,
		.mechanism_cnt = 2, .filters = filters, .filter_cnt = 2,
	};
	struct model *m = make_model(o);
	struct report *r;
	char unknown[64], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (report_open(&r, out, &o->options, m, unknown)) {
		printf("Bail out! %s: unknown column %s\n", o->name, unknown);
		exit(1);
	}
	report_start(r, &start);
	tell(r, m, o);
	report_close(r);
	model_free(m);
	fclose(out);
	return text;
}

static FILE *open_expected(const char *dir, const char *name, const char *mode)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, mode);
}

static char *read_expected(const char *dir, const char *name)
{
	FILE *f = open_expected(dir, name, "r");
	char *text = NULL;
	size_t cap = 0;

	if (!f)
		return strdup("");
	if (getdelim(&text, &cap, '\0', f) < 0)
		*(text = realloc(text, 1)) = '\0';
	fclose(f);
	return text;
}

static int start_of_line(const char *line)
{
	size_t len = strcspn(line, "\n");

	return len < 120 ? (int)len : 120;
}

/* The first line that differs, from a little before where it does. */
static void show_difference(const char *got, const char *wanted)
{
	unsigned line = 1, same = 0;

	while (*got && *wanted && strcspn(got, "\n") == strcspn(wanted, "\n") &&
	       !strncmp(got, wanted, strcspn(got, "\n"))) {
		got += strcspn(got, "\n") + (got[strcspn(got, "\n")] == '\n');
		wanted += strcspn(wanted, "\n") + (wanted[strcspn(wanted, "\n")] == '\n');
		line++;
	}
	while (got[same] && got[same] != '\n' && got[same] == wanted[same])
		same++;
	same = same > 40 ? same - 40 : 0;
	got += same;
	wanted += same;
	printf("# line %u, from byte %u\n# got    %.*s\n# wanted %.*s\n", line, same, start_of_line(got), got,
	       start_of_line(wanted), wanted);
}

/* What other people's parsers must make of it. */
static void check_json(const char *name, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		struct json_tokener *tok = json_tokener_new();
		struct json_object *o = json_tokener_parse_ex(tok, text, (int)len);

		ok(o && json_tokener_get_error(tok) == json_tokener_success, "%s: %.30s… is JSON", name, text);
		json_object_put(o);
		json_tokener_free(tok);
		text += len + (text[len] == '\n');
	}
}

/* Only what we put there on purpose may move the cursor or turn text around. */
static void check_clean(const struct output *o, const char *text)
{
	const char *evil[] = { "\033]", "\007", "\xe2\x80\xae", "\xff", "evil\033" };
	bool clean = o->options.terminal || !strchr(text, '\033');

	for (unsigned i = 0; i < sizeof(evil) / sizeof(evil[0]); i++)
		clean &= !strstr(text, evil[i]);
	ok(clean, "%s: nobody's name gets through raw", o->name);
}

int main(int argc, char **argv)
{
	bool record = argc > 1 && !strcmp(argv[1], "--record");
	const char *dir = getenv("GOLDEN_DIR") ?: "tests/golden/expected";

	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		const struct output *o = &outputs[i];
		char *got = make(o), *wanted;

		if (record) {
			FILE *f = open_expected(dir, o->name, "w");

			if (!f || fputs(got, f) < 0 || fclose(f)) {
				perror(o->name);
				return 1;
			}
			free(got);
			continue;
		}
		wanted = read_expected(dir, o->name);
		if (!ok(!strcmp(got, wanted), "%s", o->name))
			show_difference(got, wanted);
		check_clean(o, got);
		if (o->options.json)
			check_json(o->name, got);
		free(wanted);
		free(got);
	}
	return record ? 0 : done_testing();
}
