// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The laboratory without a kernel: the tables, paths into JSON, verdicts on evidence made by hand. */
#include <stdio.h>
#include <string.h>

#include "experiment/evidence.h"
#include "experiment/trial.h"
#include "tap.h"

static const char DOCUMENT[] =
	"{\"object\":{\"send\":{\"ops\":3,\"errors\":{\"EAGAIN\":2},\"spurious_wakes\":null},\"created\":true,"
	"\"waiting\":[{\"op\":\"recv\",\"cause\":\"empty\"},{\"op\":\"send\",\"cause\":\"full\"}]},"
	"\"events\":[{\"op\":\"send\",\"result\":41},{\"op\":\"recv\",\"result\":7},{\"op\":\"send\",\"result\":59}],"
	"\"ring\":null}";

static int64_t number(struct json_object *d, const char *path)
{
	struct value v = document_value(d, path);

	return v.known ? v.number : -1;
}

static void test_paths(void)
{
	struct json_object *d = document_parse(DOCUMENT);

	is_int(number(d, "send.ops"), 3, "a member of a member");
	is_int(number(d, "created"), 1, "a flag");
	is_int(number(d, "send.errors.EAGAIN"), 2, "an error that happened");
	is_int(number(d, "send.errors.EPIPE"), 0, "one that did not");
	is_int(number(d, "send.spurious_wakes"), -1, "null: not seen");
	is_int(number(d, "ring.slots.0.len"), -1, "something below null: not seen");
	is_int(number(d, "waiting.#"), 2, "how many");
	is_int(number(d, "waiting.op=recv.#"), 1, "how many of a kind");
	is_str(document_value(d, "waiting.op=recv.0.cause").text, "empty", "a word");
	is_int(number(d, "events.op=send.1.result"), 59, "one by its number");
	is_int(number(d, "events.op=send.-1.result"), 59, "from the end");
	is_int(number(d, "events.op=send.+result"), 100, "a sum");
	is_int(number(d, "events.op=send.~result"), 18, "from the first to the last");
	is_int(number(d, "events.op=recv.~result"), -1, "there is but one");
	is_int(number(d, "events.op=open.0.result"), -1, "one that is not there");
	is_int(number(NULL, "send.ops"), -1, "of an object that was not seen");
	document_free(d);
}

static bool in_order(const struct experiment *x)
{
	bool good = x->claim && x->said_by && x->mechs && x->set && x->judge && x->steps[0].line && x->figures[0].name;

	for (unsigned n = 0; n < experiment_steps(x); n++)
		good &= x->steps[n].run && (x->steps[n].by == DIRECTOR || x->cast[x->steps[n].by]);
	for (unsigned i = 0; i < FIGURES_MAX && x->figures[i].name; i++) {
		const struct exhibit *f = &x->figures[i];

		good &= strlen(f->name) <= 14 && f->what && strlen(f->what) <= 40 && f->path;
		good &= f->after == AT_START || f->after <= experiment_steps(x);
		good &= f->since == AT_START || f->since <= experiment_steps(x);
	}
	for (unsigned i = 0; i < CAST_MAX && x->cast[i]; i++)
		good &= strlen(x->cast[i]) <= 15;
	return good;
}

static void test_tables(void)
{
	for (const struct family *const *f = families; *f; f++)
		for (size_t i = 0; i < (*f)->cnt; i++) {
			const struct experiment *x = &(*f)->experiments[i];
			struct evidence e = {.experiment = x};
			struct verdict v;

			ok(in_order(x), "%s: its table is in order", x->id);
			ok(experiment_find(x->id) == x, "%s: one of that id", x->id);
			verdict_on(&e, &v);
			is_str(verdict_kind_word(v.kind), "unseen", "%s: nothing seen, no verdict", x->id);
		}
}

/* Figures in the order of the table, ends at -1. */
static struct evidence evidence_of(const char *id, const int64_t *figures)
{
	struct evidence e = {.experiment = experiment_find(id)};

	for (unsigned i = 0; figures[i] >= 0; i++)
		e.values[i] = (struct value){.known = true, .number = figures[i]};
	return e;
}

static const char *verdict_of(const struct evidence *e)
{
	struct verdict v;

	verdict_on(e, &v);
	return verdict_kind_word(v.kind);
}

static void test_spoilt(const char *id, const char *verdict, const int64_t *figures)
{
	struct evidence e = evidence_of(id, figures);
	const struct exhibit *f = e.experiment->figures;

	is_str(verdict_of(&e), verdict, "%s: %s", id, verdict);
	for (unsigned i = 0; figures[i] >= 0; i++) {
		struct evidence spoilt = e;

		spoilt.values[i].known = false;
		if (!f[i].optional)
			is_str(verdict_of(&spoilt), "unseen", "%s: without %s there is no verdict", id, f[i].name);
		spoilt = e;
		ok(evidence_break(&spoilt, f[i].name), "%s: %s can be spoilt", id, f[i].name);
	}
}

static struct evidence flagged(struct evidence e, const char *flag)
{
	for (unsigned i = 0; i < FIGURES_MAX && e.experiment->figures[i].name; i++)
		if (!strcmp(e.experiment->figures[i].name, "flag"))
			snprintf(e.values[i].text, sizeof(e.values[i].text), "%s", flag);
	return e;
}

/* No kernel of the matrix has notification pipes: what one would show is made by hand. */
static void test_notifications(void)
{
	static const int64_t lost[] = {1, 0, 32, 0, 512, 520, -1}, silent[] = {1, 0, 32, 0, 512, 512, -1};
	static const int64_t whole[] = {0, 16, 1, 16, 16, -1}, part[] = {0, 16, 0, 15, 15, -1};
	struct evidence e = flagged(evidence_of("pipe-watch-queue", lost), "LOSS");

	is_str(verdict_of(&e), "holds", "pipe-watch-queue: 33 notifications, 32 slots, the loss is told");
	e = flagged(evidence_of("pipe-watch-queue", lost), "WHOLE");
	is_str(verdict_of(&e), "refuted", "pipe-watch-queue: no mark of a loss");
	e = flagged(evidence_of("pipe-watch-queue", silent), "LOSS");
	is_str(verdict_of(&e), "refuted", "pipe-watch-queue: the loss is not read");
	e = flagged(evidence_of("pipe-whole", whole), "WHOLE");
	is_str(verdict_of(&e), "holds", "pipe-whole: refused, left whole, read whole");
	e = flagged(evidence_of("pipe-whole", part), "WHOLE");
	is_str(verdict_of(&e), "refuted", "pipe-whole: read in part");
	e = flagged(evidence_of("pipe-whole", whole), "CAN_MERGE");
	is_str(verdict_of(&e), "refuted", "pipe-whole: not marked");
}

static void test_verdicts(void)
{
	static const int64_t copies[] = {4093, 4093, 4093, 4096, 0, 4096, -1}, lost[] = {4093, 4093, 4092, 4096, 0, 4096, -1};
	static const int64_t blocks[] = {1, 1, 1, 5000, 1, -1}, unwoken[] = {1, 1, 1, 5000, 0, -1};
	static const int64_t stream[] = {2, 1, 100, 100, 2, 2, -1}, borders[] = {2, 2, 100, 100, 2, 2, -1};
	struct evidence e;

	test_notifications();
	test_spoilt("pipe-two-copies", "limit", copies);
	e = evidence_of("pipe-two-copies", lost);
	is_str(verdict_of(&e), "refuted", "pipe-two-copies: a byte less came out");
	test_spoilt("pipe-empty-blocks", "holds", blocks);
	e = evidence_of("pipe-empty-blocks", unwoken);
	is_str(verdict_of(&e), "refuted", "pipe-empty-blocks: no write woke it");
	test_spoilt("pipe-byte-stream", "limit", stream);
	e = evidence_of("pipe-byte-stream", borders);
	is_str(verdict_of(&e), "refuted", "pipe-byte-stream: as many reads as writes");
}

int main(void)
{
	test_paths();
	test_tables();
	test_verdicts();
	return done_testing();
}
