// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A line for the run, a line for each transport and size, a line for each opinion and size. */
#include <string.h>

#include "compare/compare.h"
#include "out/json.h"

#define SCHEMA 1

static void start_line(struct json *j, const struct comparison *c)
{
	json_open(j, NULL, '{');
	json_string(j, "type", "compare_start");
	json_uint(j, "schema", SCHEMA);
	json_string(j, "version", IPCTRACE_VERSION);
	json_string(j, "kernel", c->kernel->release);
	json_string(j, "machine", c->kernel->machine);
	json_uint(j, "cpus", c->kernel->cpus);
	json_double(j, "limit_s", c->options->limit_s);
	json_uint_or_null(j, "count", c->options->messages, c->options->messages);
	json_double(j, "elapsed_s", c->elapsed_s);
	json_string(j, "untraced", *c->untraced ? c->untraced : NULL);
	json_open(j, "sizes", '[');
	for (size_t i = 0; i < c->options->sizes.cnt; i++) {
		json_open(j, NULL, '{');
		json_uint(j, "size_bytes", c->options->sizes.bytes[i]);
		json_double(j, "baseline_bytes_per_s", c->baseline_bytes_per_s[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
	json_end_line(j);
}

static void flow_member(struct json *j, const char *key, const struct flow *flow)
{
	if (!flow) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_double(j, "bytes_per_s", flow->bytes_per_s);
	json_double(j, "messages_per_s", flow->messages_per_s);
	json_uint(j, "sent", flow->sent);
	json_uint(j, "received", flow->received);
	json_uint(j, "wrong", flow->wrong);
	json_uint(j, "lost", flow->lost);
	json_uint(j, "refused", flow->refused);
	json_uint(j, "calls", flow->calls);
	json_uint(j, "context_switches", flow->switches);
	json_double(j, "cpu_ns_per_message", flow->cpu_ns);
	json_close(j, '}');
}

static void probed_member(struct json *j, const struct figures *f)
{
	const struct probed *p = &f->probed;
	double copies, cost;
	bool known = f->traced && figures_copies(f, &copies);

	json_open(j, "probes", '{');
	json_string(j, "backend", f->traced ? p->backend : NULL);
	json_string(j, "note", f->traced ? NULL : p->why);
	json_uint_or_null(j, "sends", f->traced, p->sends);
	json_uint_or_null(j, "receives", f->traced, p->receives);
	json_uint_or_null(j, "sender_ops", f->traced, p->ops[SENDER]);
	json_uint_or_null(j, "receiver_ops", f->traced, p->ops[RECEIVER]);
	json_uint_or_null(j, "copied_bytes", known, p->copied_bytes);
	json_uint_or_null(j, "moved_bytes", known, p->moved_bytes);
	json_uint_or_null(j, "sender_waits", f->traced && p->waits_known, p->waits[SENDER]);
	json_uint_or_null(j, "receiver_waits", f->traced && p->waits_known, p->waits[RECEIVER]);
	json_uint_or_null(j, "wakes", f->traced && p->wakes_known, p->wakes);
	json_uint_or_null(j, "missed", f->traced, p->missed);
	if (known)
		json_double(j, "copies_per_byte", copies);
	else
		json_null(j, "copies_per_byte");
	if (figures_cost_ns(f, &cost))
		json_double(j, "cost_ns_per_message", cost);
	else
		json_null(j, "cost_ns_per_message");
	json_close(j, '}');
}

static void fate_member(struct json *j, const char *key, const struct fate *fate)
{
	char text[64];

	fate_text(fate, text, sizeof(text));
	json_string(j, key, *text ? text : NULL);
}

static void fates_member(struct json *j, const struct fates *f)
{
	json_string(j, "limits_error", f && f->error ? strerror(f->error) : NULL);
	if (!f || !f->tried || f->error) {
		json_null(j, "limits");
		return;
	}
	json_open(j, "limits", '{');
	json_uint_or_null(j, "capacity_bytes", f->full_known, f->capacity_bytes);
	json_uint_or_null(j, "capacity_sends", f->full_known, f->capacity_sends);
	json_bool(j, "drops_when_full", f->never_full);
	fate_member(j, "full", &f->full);
	fate_member(j, "send_interrupted", &f->send_interrupted);
	fate_member(j, "receive_interrupted", &f->receive_interrupted);
	fate_member(j, "receiver_died", &f->receiver_died);
	fate_member(j, "sender_died", &f->sender_died);
	json_close(j, '}');
}

static void latency_member(struct json *j, const struct latency *l)
{
	json_open(j, "latency_ns", '{');
	json_uint(j, "count", l->cnt);
	json_uint_or_null(j, "median", l->cnt, l->median_ns);
	json_uint_or_null(j, "p99", l->cnt, l->p99_ns);
	json_close(j, '}');
}

static void figures_line(struct json *j, const struct figures *f, const struct fates *fates)
{
	bool parts = f->part && f->part < f->size;

	json_open(j, NULL, '{');
	json_string(j, "type", "compare");
	json_string(j, "transport", f->transport->name);
	json_string(j, "how", f->transport->how);
	json_string(j, "mechanisms", f->transport->mechanisms);
	json_uint(j, "size_bytes", f->size);
	json_uint_or_null(j, "part_bytes", parts, f->part);
	json_string(j, "part_limit", parts ? f->limit : NULL);
	json_bool(j, "borders", f->transport->borders);
	json_string(j, "error", f->error ? strerror(f->error) : NULL);
	json_bool(j, "corrupt", f->corrupt);
	flow_member(j, "untraced", f->error ? NULL : &f->off);
	json_double(j, "least_messages_per_s", f->least_per_s);
	json_double(j, "most_messages_per_s", f->most_per_s);
	latency_member(j, &f->latency);
	flow_member(j, "traced", f->traced ? &f->on : NULL);
	probed_member(j, f);
	fates_member(j, fates);
	json_close(j, '}');
	json_end_line(j);
}

static void opinion_lines(struct json *j, const struct figures *f, size_t cnt)
{
	for (size_t i = 0; i < opinion_cnt; i++) {
		char why[256] = "";
		enum verdict_kind verdict = opinions[i].settle(f, cnt, why, sizeof(why));

		json_open(j, NULL, '{');
		json_string(j, "type", "compare_claim");
		json_string(j, "id", opinions[i].id);
		json_string(j, "claim", opinions[i].claim);
		json_uint(j, "size_bytes", f->size);
		json_string(j, "verdict", opinion_word(verdict));
		json_string(j, "evidence", why);
		json_close(j, '}');
		json_end_line(j);
	}
}

void compare_json(struct writer *w, const struct comparison *c)
{
	struct json j = { .out = w };

	start_line(&j, c);
	for (size_t i = 0; i < c->figure_cnt; i++)
		figures_line(&j, &c->figures[i], i < c->transport_cnt ? &c->fates[i] : NULL);
	for (size_t i = 0; i < c->figure_cnt; i += c->transport_cnt)
		opinion_lines(&j, &c->figures[i], c->transport_cnt);
}
