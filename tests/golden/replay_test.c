// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The story of story.h into a recording and out again: every view says the same of
 * it as of the story itself, twice alike; cut off at any length, or damaged at any
 * byte, what is whole is read and nothing crashes; a rotated one stands by itself.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "about_parts.h"
#include "recorder.h"
#include "replay.h"
#include "story.h"
#include "view/view.h"

#define PROFILE_STORY (PROFILE_ALL | PROFILE_STACKS)

static char dir[] = "/tmp/ipctrace-replay-XXXXXX";

static const char *path(const char *name)
{
	static char paths[4][64];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", dir, name);
	return paths[next];
}

static struct about *story_about(void)
{
	struct model_config config = reading_config(BACKEND_FUNCTION, PROFILE_STORY);
	struct about_parts *a = about_new();
	const unsigned mechs[] = { MECH_PIPE, MECH_FIFO };

	a->about.start.version = about_keep(a, "0.0.0");
	a->about.start.kernel = about_keep(a, "6.1.0-13-cloud-amd64");
	a->about.start.machine = about_keep(a, "x86_64");
	a->about.start.time = about_keep(a, "2026-01-02T03:04:05Z");
	a->about.start.start_ns = START_NS;
	a->about.start.interval_s = 1;
	a->about.page_size = 4096;
	for (unsigned i = 0; i < 2; i++) {
		struct about_mechanism *m = about_add_mechanism(a, mechanism_by_id(mechs[i]), &config.can[mechs[i]]);

		about_add_hook(a, &m->hooks, "fexit:pipe_write");
		m->note = i ? about_keep(a, "a note") : NULL;
	}
	about_add_filter(a, "comm", "a\"b\033");
	return about_done(a);
}

/* The rows in the order of their keys, as a recording has them. */
static void sort_rows(struct snapshot *s)
{
	struct snapshot state = { 0 };
	struct bytes bytes = { 0 };

	delta_write(&bytes, &state, s, DELTA_INTERVAL, true);
	state.now_ns = s->now_ns;
	state.start_ns = s->start_ns;
	state.stop_ns = s->stop_ns;
	state.losses = s->losses;
	snapshot_free(s);
	*s = state;
	bytes_free(&bytes);
}

/* What the story's own model makes of it, without a file between. */
static void tell_directly(const struct report_options *options, const char *to)
{
	struct model_config config = reading_config(BACKEND_FUNCTION, PROFILE_STORY);
	struct about *about = story_about();
	struct ipc_event events[3];
	struct snapshot s = { 0 };
	FILE *out = fopen(to, "w");
	struct report *r;
	char unknown[64];
	struct model *m;

	memcpy(config.can, about->can, sizeof(config.can));
	m = model_new(&config);
	report_open(&r, out, options, m, unknown);
	report_start(r, &about->start);
	story_events(events);
	for (unsigned n = 1; n <= STORY_READINGS; n++) {
		story_reading(&s, n);
		sort_rows(&s);
		for (unsigned i = 0; n == 2 && options->events && i < 3; i++)
			report_event(r, &events[i]);
		model_update(m, &s);
		if (n < STORY_READINGS)
			report_interval(r);
	}
	report_summary(r);
	report_close(r);
	model_free(m);
	snapshot_free(&s);
	about_free(about);
	fclose(out);
}

static void record(const char *to, uint64_t max_bytes)
{
	struct about *about = story_about();
	struct ipc_event events[3];
	struct snapshot s = { 0 };
	struct recorder *r;

	story_events(events);
	recorder_open(&r, to, max_bytes, about);
	for (unsigned n = 1; n <= STORY_READINGS; n++) {
		story_reading(&s, n);
		for (unsigned i = 0; n == 2 && i < 3; i++)
			recorder_event(r, &events[i]);
		recorder_figures(r, &s, n == STORY_READINGS ? DELTA_SUMMARY : DELTA_INTERVAL);
	}
	recorder_close(r);
	snapshot_free(&s);
	about_free(about);
}

static char *content(const char *name, size_t *size)
{
	FILE *f = fopen(name, "r");
	char *data = calloc(1, 1 << 20);

	*size = f ? fread(data, 1, (1 << 20) - 1, f) : 0;
	if (f)
		fclose(f);
	return data;
}

static bool same(const char *a, const char *b)
{
	size_t size_a, size_b;
	char *in_a = content(a, &size_a), *in_b = content(b, &size_b);
	bool equal = size_a && size_a == size_b && !memcmp(in_a, in_b, size_a);

	free(in_a);
	free(in_b);
	return equal;
}

static int replay(const char *from, const char *to, const struct report_options *like)
{
	struct cli_options o = { .read = from, .output = to, .color = CLI_COLOR_NEVER };

	if (like) {
		o.json = like->json;
		o.events = like->events;
		o.histograms = like->hist;
		o.columns = like->columns;
		o.report = like->kind;
		o.graph_nodes = like->graph.nodes;
		o.graph_format = like->graph_format;
	}
	return replay_run(&o);
}

static void check_views(const char *recording)
{
	static const struct {
		const char *name;
		struct report_options options;
	} views[] = {
		{ "json", { .json = true } },
		{ "json with events", { .json = true, .events = true } },
		{ "trace", { 0 } },
		{ "events", { .events = true } },
		{ "histograms", { .hist = true } },
		{ "chrome", { .kind = REPORT_CHROME, .events = true } },
		{ "folded", { .kind = REPORT_FOLDED, .events = true } },
		{ "graph", { .kind = REPORT_GRAPH, .graph = { .nodes = 24 } } },
		{ "graph as JSON", { .kind = REPORT_GRAPH, .graph_format = GRAPH_JSON } },
		{ "columns", { .columns = "id,sent,moved,head,merged_writes,pages_reused,balance" } },
	};

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		const char *direct = path("direct"), *once = path("once"), *again = path("again");

		tell_directly(&views[i].options, direct);
		is_int(replay(recording, once, &views[i].options), 0, "%s: exit status", views[i].name);
		replay(recording, again, &views[i].options);
		ok(same(once, again), "%s: twice the same bytes", views[i].name);
		ok(same(once, direct), "%s: as without a recording", views[i].name);
	}
}

static void write_file(const char *name, const char *data, size_t size)
{
	FILE *f = fopen(name, "w");

	fwrite(data, 1, size, f);
	fclose(f);
}

/* Reports in the JSON of a replay. */
static unsigned count_reports(const char *name)
{
	size_t size;
	char *text = content(name, &size);
	unsigned cnt = 0;

	for (const char *at = text; (at = strstr(at, "{\"type\":\"interval\"")); at++)
		cnt++;
	for (const char *at = text; (at = strstr(at, "{\"type\":\"summary\"")); at++)
		cnt++;
	free(text);
	return cnt;
}

/* Is it one whole document, or nothing at all? */
static bool is_json(const char *name)
{
	size_t size;
	char *text = content(name, &size);
	struct json_object *j = json_tokener_parse(text);
	bool whole = !size || json_object_is_type(j, json_type_object);

	json_object_put(j);
	free(text);
	return whole;
}

static void check_cuts(const char *recording)
{
	const struct report_options json = { .json = true }, chrome = { .kind = REPORT_CHROME, .events = true };
	bool whole = true;
	unsigned before = 0, least = 9, most = 0;
	bool rising = true, status = true;
	size_t size;
	char *data = content(recording, &size);

	for (size_t len = 0; len < size; len++) {
		unsigned reports;

		write_file(path("cut"), data, len);
		unlink(path("out"));
		status &= replay(path("cut"), path("out"), &json) == CLI_EXIT_FAILED;
		reports = count_reports(path("out"));
		rising &= reports >= before;
		replay(path("cut"), path("out"), &chrome);
		whole &= is_json(path("out"));
		before = reports;
		least = reports < least ? reports : least;
		most = reports > most ? reports : most;
	}
	ok(status, "cut off anywhere it fails");
	ok(whole, "a timeline of what is there can be opened");
	ok(rising, "and a longer rest never says less");
	is_int(least, 0, "nothing of a beginning");
	/* two intervals, and the sum of what was read */
	is_int(most, 3, "all but the last block of all but its last byte");
	free(data);
}

static void check_damage(const char *recording)
{
	const struct report_options json = { .json = true };
	bool told = true;
	size_t size;
	char *data = content(recording, &size);

	for (size_t i = 0; i < size; i++) {
		if (i >= 12 && i < 16)
			continue; /* not used */
		data[i] ^= 1 << i % 8;
		write_file(path("bad"), data, size);
		told &= replay(path("bad"), path("out"), &json) == CLI_EXIT_FAILED;
		data[i] ^= 1 << i % 8;
	}
	ok(told, "a bit that is wrong is noticed wherever it is");
	free(data);
}

static void check_rotation(void)
{
	const struct report_options json = { .json = true };
	struct stat older;

	record(path("turned"), 1);
	ok(!stat(path("turned.1"), &older), "a recording that is too long is put aside");
	tell_directly(&json, path("direct"));
	is_int(replay(path("turned"), path("out"), &json), 0, "the one after it can be read alone");
	is_int(count_reports(path("out")), 1, "and has what came after");
	is_int(replay(path("turned.1"), path("out"), &json), CLI_EXIT_FAILED, "the one before it has no summary");
}

int main(void)
{
	const char *recording;

	if (!mkdtemp(dir))
		return 1;
	recording = strdup(path("recording"));
	if (!freopen(path("stderr"), "w", stderr))
		return 1;
	record(recording, 0);
	check_views(recording);
	check_cuts(recording);
	check_damage(recording);
	check_rotation();
	write_file(path("empty"), "", 0);
	is_int(replay(path("empty"), path("out"), NULL), CLI_EXIT_FAILED, "an empty file");
	is_int(replay(path("nowhere"), path("out"), NULL), CLI_EXIT_FAILED, "no file");
	return done_testing();
}
