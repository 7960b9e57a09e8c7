/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Metrics: the text of both formats, which series there are, and that their rates add up. */
#include <stdlib.h>

#include "export/families.h"
#include "export/host.h"
#include "mech/unix.h"
#include "reading.h"
#include "tap.h"
#include "view/export.h"

static const struct metric counter = { "eaten_bytes", METRIC_COUNTER, "bytes", "Bytes that were eaten",
				       { "who", "what", NULL } };
static const struct metric gauge = { "hunger", METRIC_GAUGE, NULL, "How hungry", { NULL } };

static char *tell(bool open_metrics)
{
	char *text;
	size_t len;
	struct metrics m = { open_memstream(&text, &len), open_metrics };

	metrics_family(&m, &counter);
	metrics_count(&m, &counter, (const char *const[]){ "a\"b\\c\nd\xff", NULL }, 18446744073709551615ull);
	metrics_family(&m, &gauge);
	metrics_sample(&m, &gauge, NULL, 0.5);
	metrics_end(&m);
	fclose(m.out);
	return text;
}

static void test_text(void)
{
	char *text = tell(true);

	is_str(text,
	       "# HELP ipctrace_eaten_bytes Bytes that were eaten.\n# TYPE ipctrace_eaten_bytes counter\n"
	       "# UNIT ipctrace_eaten_bytes bytes\n"
	       "ipctrace_eaten_bytes_total{who=\"a\\\"b\\\\\\\\c\\\\x0ad\\\\xff\",what=\"\"} 18446744073709551615\n"
	       "# HELP ipctrace_hunger How hungry.\n# TYPE ipctrace_hunger gauge\nipctrace_hunger 0.5\n# EOF\n",
	       "OpenMetrics");
	free(text);
	text = tell(false);
	ok(strstr(text, "# TYPE ipctrace_eaten_bytes_total counter\n") && !strstr(text, "# UNIT") && !strstr(text, "# EOF"),
	   "the format before it");
	free(text);
}

static void test_families(void)
{
	for (unsigned i = 0; i < METRIC_IDS; i++) {
		const struct metric *m = &metric_families[i];
		bool fine = m->name && m->help && m->help[strlen(m->help) - 1] != '.' && !strstr(m->name, "_total");

		if (m->unit)
			fine = fine && strlen(m->name) > strlen(m->unit) &&
			       !strcmp(m->name + strlen(m->name) - strlen(m->unit), m->unit);
		for (unsigned j = 0; j < i; j++)
			fine = fine && strcmp(m->name, metric_families[j].name);
		ok(fine, "%s is a sound family", m->name);
	}
}

static uint64_t sends(const struct top_counts *c)
{
	return c->of[MECH_PIPE][OP_SEND].bytes;
}

static const struct top_slot *slot_named(const struct top *t, const char *name)
{
	for (unsigned i = 0; i < t->cnt; i++)
		if (t->slots[i].used && !strcmp(t->slots[i].name, name))
			return &t->slots[i];
	return NULL;
}

/* Pipes 11, 12, 13, of which the n-th sent so much in all. */
static void read_pipes(struct model *m, struct snapshot *s, unsigned at_s, const unsigned sent[3])
{
	reading_at(s, 1000 * at_s);
	for (unsigned i = 0; i < 3; i++) {
		add_process(s, 1 + i, i ? "many" : "one");
		add_new_object(s, pipe_id(11 + i));
		add_transfer(s, pipe_id(11 + i), OP_SEND, 1 + i, at_s, sent[i], at_s, 0);
	}
	model_update(m, s);
}

static void test_top(void)
{
	static const unsigned sent[][3] = { { 1000, 500, 10 }, { 2000, 1000, 20 }, { 2000, 1500, 30 }, { 2000, 2000, 99030 } };
	struct model *m = reading_model(PROFILE_ALL);
	struct snapshot s = { 0 };
	struct top top, groups;

	top_init(&top, 2);
	top_init(&groups, 1);
	for (unsigned i = 0; i < 2; i++) {
		read_pipes(m, &s, i + 1, sent[i]);
		top_objects(&top, m);
		top_groups(&groups, m, ACTOR_COMMAND);
	}
	ok(slot_named(&top, "pipe:[11]") && slot_named(&top, "pipe:[12]"), "the two busiest");
	is_int(sends(&slot_named(&top, "pipe:[11]")->counts), 2000, "what the first sent");
	is_int(sends(&top.others), 20, "the rest is other");
	is_int(sends(&groups.slots[0].counts) + sends(&groups.others), 3020, "groups have all, too");
	is_str(groups.slots[0].name, "many", "the busiest group: an operation is worth a KiB");
	for (unsigned i = 2; i < 4; i++) {
		read_pipes(m, &s, i + 1, sent[i]);
		top_objects(&top, m);
	}
	ok(slot_named(&top, "pipe:[13]") && !slot_named(&top, "pipe:[12]") != !slot_named(&top, "pipe:[11]"),
	   "who is much busier takes the place of one");
	is_int(sends(&slot_named(&top, "pipe:[13]")->counts), 99000, "and counts from then on");
	is_int(sends(&top.others), slot_named(&top, "pipe:[12]") ? 30 : 530, "what was other stays there");
	top_free(&top);
	top_free(&groups);
	model_free(m);
	snapshot_free(&s);
}

static struct ipc_object_id socket_id(uint64_t inode)
{
	return (struct ipc_object_id){ .id = inode, .mech = MECH_UNIX };
}

/* At so many seconds it has so many buffers, and its sockets count so many descriptors; of so many receives so many failed. */
static const struct object *read_socket(struct model *m, struct snapshot *s, unsigned at_s, unsigned buffers, unsigned fds,
					unsigned recvs, unsigned failed)
{
	struct ipc_edge *sent, *received;

	reading_at(s, 1000 * at_s);
	add_new_object(s, socket_id(11));
	sent = add_edge(s, socket_id(11), OP_SEND, 1);
	sent->ops = at_s;
	sent->state[UNIX_TYPE] = sent->state[UNIX_STATE] = 1;
	sent->state[UNIX_FIRST_BUFFERS] = buffers;
	sent->state[UNIX_FDS_IN_FLIGHT] = fds;
	sent->state[UNIX_WHEN] = sent->state[IPC_STATE_STAMP] = at_s;
	received = add_edge(s, socket_id(11), OP_RECV, 1);
	received->ops = recvs;
	received->failed = failed;
	model_update(m, s);
	return m->first;
}

static void test_descriptors(void)
{
	struct model_config config = { .can[MECH_UNIX] = capability_of(mechanism_by_id(MECH_UNIX), BACKEND_FUNCTION, PROFILE_ALL) };
	struct model *m = model_new(&config);
	struct snapshot s = { 0 };
	const struct object *o = read_socket(m, &s, 1, 1, 0, 0, 0);
	uint64_t since_ns = 1;
	uint32_t cnt = 1;

	ok(object_descriptors(o, &cnt, &since_ns) && !cnt && !since_ns, "no descriptors in flight, for no time");
	read_socket(m, &s, 2, 3, 3, 0, 0);
	read_socket(m, &s, 5, 4, 5, 1, 1);
	ok(object_descriptors(o, &cnt, &since_ns), "in flight");
	is_int(cnt, 5, "so many");
	is_int(since_ns, 3 * SECOND, "since the first one was sent: a receive that fails receives nothing");
	read_socket(m, &s, 6, 3, 4, 2, 1);
	read_socket(m, &s, 8, 3, 4, 2, 1);
	object_descriptors(o, &cnt, &since_ns);
	is_int(since_ns, 2 * SECOND, "since something was received");
	read_socket(m, &s, 9, 0, 4, 2, 1);
	object_descriptors(o, &cnt, &since_ns);
	is_int(cnt, 0, "none without a buffer, whatever a dead socket's count says");
	model_free(m);
	snapshot_free(&s);
}

/* One series has one value: a command that is called as the rest is counted with it. */
static void test_called_other(void)
{
	struct model *m = reading_model(PROFILE_ALL);
	struct snapshot s = { 0 };
	struct top groups;

	top_init(&groups, 1);
	reading_at(&s, 1000);
	add_process(&s, 1, "other");
	add_new_object(&s, pipe_id(11));
	add_transfer(&s, pipe_id(11), OP_SEND, 1, 1, 1000, 1, 0);
	model_update(m, &s);
	top_groups(&groups, m, ACTOR_COMMAND);
	ok(!slot_named(&groups, "other"), "no group is called other");
	is_int(sends(&groups.others), 1000, "what it sent is there");
	top_free(&groups);
	model_free(m);
	snapshot_free(&s);
}

static void test_render(void)
{
	const struct report_start about = { .version = "0", .kernel = "6.1", .machine = "x86_64" };
	struct model *m = reading_model(PROFILE_ALL);
	struct report *r = calloc(1, sizeof(*r));
	struct snapshot s = { 0 };
	struct export_state x;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	reading_at(&s, 1000);
	add_process(&s, 1, "yes");
	add_object(&s, pipe_id(11));
	add_sleeper(&s, pipe_id(11), OP_SEND, 1, "yes", CAUSE_FULL, START_NS - 4 * SECOND)->flags |= RUN_PREEXISTING;
	model_update(m, &s);
	r->model = m;
	r->about = &about;
	export_init(&x, r, ACTOR_COMMAND, 3, 3);
	export_update(&x);
	export_render(out, &x, false);
	fclose(out);
	ok(strstr(text, "\nipctrace_longest_open_wait_seconds{mechanism=\"pipe\",op=\"send\",cause=\"full\"} 5\n"),
	   "a wait from before the start is as long as it is");
	ok(strstr(text, "\nipctrace_open_waits{mechanism=\"pipe\",op=\"send\"} 1\n"), "and open");
	ok(strstr(text, "\nipctrace_waits_total{mechanism=\"pipe\",op=\"send\",cause=\"full\"} 1\n"), "for a cause");
	ok(strstr(text, "\nipctrace_group_wait_seconds_total{by=\"command\",group=\"yes\",mechanism=\"pipe\",op=\"send\"} 1\n"),
	   "of a group");
	ok(!strstr(text, "\nipctrace_deadlocks "), "what was not looked for is not there");
	report_deadlocks(r, 2);
	free(text);
	out = open_memstream(&text, &len);
	export_render(out, &x, false);
	fclose(out);
	ok(strstr(text, "\nipctrace_deadlocks 2\n"), "deadlocks");
	free(text);
	export_free(&x);
	free(r);
	model_free(m);
	snapshot_free(&s);
}

static void test_hosts(void)
{
	static const struct {
		const char *host, *names;
		bool ours;
	} cases[] = {
		{ NULL, NULL, true },
		{ "127.0.0.1:9856", NULL, true },
		{ "192.0.2.7", NULL, true },
		{ "[::1]:9856", NULL, true },
		{ "[::1]", NULL, true },
		{ "localhost", NULL, true },
		{ "LocalHost.:9856", NULL, true },
		{ "ipc.localhost", NULL, true },
		{ ".localhost", NULL, false },
		{ "notlocalhost", NULL, false },
		{ "127.0.0.1.nip.example", NULL, false },
		{ "2130706433", NULL, false },
		{ "", NULL, false },
		{ "", ",", false },
		{ "rebound.example:9856", NULL, false },
		{ "rebound.example:9856", "a.example", false },
		{ "a.example:9856", "a.example", true },
		{ "b.example", "a.example,B.example", true },
		{ "b.exampl", "a.example,b.example", false },
		{ "example", "a.example,b.example", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(host_is_ours(cases[i].host, cases[i].names), cases[i].ours, "asked for as '%s', with names '%s'",
		       cases[i].host ?: "nobody", cases[i].names ?: "");
}

/* With none told of one by one all are others. */
static void test_none_alone(void)
{
	struct model *m = reading_model(PROFILE_ALL);
	static const unsigned sent[] = { 1000, 500, 10 };
	struct snapshot s = { 0 };
	struct top top;

	top_init(&top, 0);
	read_pipes(m, &s, 1, sent);
	top_objects(&top, m);
	is_int(sends(&top.others), 1510, "all together");
	top_free(&top);
	model_free(m);
	snapshot_free(&s);
}

int main(void)
{
	test_text();
	test_hosts();
	test_none_alone();
	test_families();
	test_top();
	test_descriptors();
	test_called_other();
	test_render();
	return done_testing();
}
