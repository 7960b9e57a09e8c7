// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "compare/run.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "compare/payload.h"

#define PATIENCE_NS 30000000000ull /* for messages that take longer than the limit */
#define SILENCE_MS 50		   /* after which what was sent and has not come is lost */
#define SETTLE_NS 20000		   /* until a receiver sleeps */

/* A few nanoseconds, to be asked before every message; a tick of 1 to 10 ms. */
static uint64_t coarse_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* Would message seq, at the pace so far, end after the limit? Then it is the last. */
static bool is_last(const struct pair_control *ctl, uint64_t seq, uint64_t begin_ns)
{
	uint64_t passed = coarse_ns() - begin_ns;

	if (ctl->count && seq + 1 >= ctl->count)
		return true;
	return seq && passed + passed / seq >= ctl->limit_ns;
}

static void send_stream(struct pair *p)
{
	struct pair_control *ctl = p->control;
	struct end_report *report = &ctl->end[SENDER];
	uint64_t begin_ns = coarse_ns();
	bool last = false;

	report->begin_ns = pair_now_ns();
	for (uint64_t seq = 0; !last && !report->error; seq++) {
		last = is_last(ctl, seq, begin_ns);
		if (last)
			ctl->last = seq + 1;
		report->error = message_send(p, seq);
		report->messages += !report->error;
	}
	report->end_ns = pair_now_ns();
}

static void limit_silence(struct pair *p)
{
	struct timeval silence = { .tv_usec = SILENCE_MS * 1000 };

	setsockopt(p->channel.fd[RECEIVER], SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
}

static void receive_lossy(struct pair *p)
{
	int rc = 0;

	limit_silence(p);
	while (!rc)
		rc = message_receive_some(p, false);
	if (rc < 0)
		p->control->end[RECEIVER].error = rc;
}

static void receive_stream(struct pair *p)
{
	struct pair_control *ctl = p->control;
	struct end_report *report = &ctl->end[RECEIVER];

	if (p->transport->loses) {
		receive_lossy(p);
		return;
	}
	for (uint64_t seq = 0; !ctl->last || seq < ctl->last; seq++) {
		report->error = message_receive(p, seq, &report->end_ns);
		if (report->error)
			return;
	}
}

static void wait_until_asleep(const struct pair_control *ctl, uint64_t seq)
{
	uint64_t since = 0;

	while (!since || pair_now_ns() - since < SETTLE_NS) {
		sched_yield();
		if (!since && ctl->awaited > seq)
			since = pair_now_ns();
	}
}

static void send_singly(struct pair *p)
{
	struct pair_control *ctl = p->control;
	struct end_report *report = &ctl->end[SENDER];
	uint64_t begin_ns = coarse_ns();
	bool last = false;

	for (uint64_t seq = 0; !last && !report->error; seq++) {
		wait_until_asleep(ctl, seq);
		last = seq + 1 == PAIR_LATENCIES || is_last(ctl, seq, begin_ns);
		if (last)
			ctl->last = seq + 1;
		ctl->stamp_ns = pair_now_ns();
		report->error = message_send(p, seq);
		report->messages++;
	}
}

/* One that does not come is no sample. */
static void receive_singly_lossy(struct pair *p)
{
	struct pair_control *ctl = p->control;
	struct end_report *report = &ctl->end[RECEIVER];
	uint64_t awaited = 1, stamp_ns, last_ns = 0;
	int rc = 0;

	limit_silence(p);
	while (!ctl->last || awaited <= ctl->last) {
		ctl->awaited = awaited;
		rc = message_receive_some(p, true);
		stamp_ns = ctl->stamp_ns;
		if (rc < 0)
			break;
		if (stamp_ns == last_ns) /* none was sent yet */
			continue;
		if (!rc)
			ctl->latencies_ns[ctl->latency_cnt++] = report->end_ns - stamp_ns;
		last_ns = stamp_ns;
		awaited++;
	}
	report->error = rc < 0 ? rc : 0;
}

static void receive_singly(struct pair *p)
{
	struct pair_control *ctl = p->control;
	struct end_report *report = &ctl->end[RECEIVER];

	if (p->transport->loses) {
		receive_singly_lossy(p);
		return;
	}
	for (uint64_t seq = 0; !ctl->last || seq < ctl->last; seq++) {
		uint64_t when;

		ctl->awaited = seq + 1;
		report->error = message_receive(p, seq, &when);
		if (report->error)
			return;
		ctl->latencies_ns[ctl->latency_cnt++] = when - ctl->stamp_ns;
	}
}

static int run(struct pair *p, const struct transport *t, size_t size, const struct run_limits *limits,
	       pair_body *const body[2])
{
	int err = pair_open(p, t, size);

	if (err)
		return err;
	p->control->limit_ns = limits->limit_ns;
	p->control->count = limits->count;
	err = pair_start(p, body);
	if (err)
		return err;
	pair_go(p);
	return pair_await(p, limits->limit_ns * 10 + PATIENCE_NS);
}

int run_flow(const struct transport *t, size_t size, const struct run_limits *limits, run_look *look, void *arg,
	     struct flow *flow)
{
	static pair_body *const bodies[2] = { send_stream, receive_stream };
	const struct end_report *sent, *received;
	struct pair p;
	int err = run(&p, t, size, limits, bodies);
	double seconds;

	*flow = (struct flow){ 0 };
	/* whoever still waits after the sender is done waits for what was lost */
	if (err == -ETIMEDOUT && p.control->finished[SENDER])
		err = 0;
	if (!err) {
		sent = &p.control->end[SENDER];
		received = &p.control->end[RECEIVER];
		seconds = (received->end_ns - sent->begin_ns) / 1e9;
		*flow = (struct flow){
			.sent = sent->messages,
			.received = received->messages,
			.wrong = received->wrong,
			.lost = sent->messages - received->messages,
			.refused = sent->refused,
			.calls = sent->calls + received->calls,
			.cpu_ns = sent->messages ? (double)(sent->cpu_ns + received->cpu_ns) / sent->messages : 0,
			.switches = sent->switches + received->switches,
		};
		if (received->messages) {
			flow->bytes_per_s = received->bytes / seconds;
			flow->messages_per_s = received->messages / seconds;
		}
		if (look)
			look(arg, p.pid);
	}
	pair_close(&p);
	return err;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int run_latency(const struct transport *t, size_t size, const struct run_limits *limits, struct latency *latency)
{
	static pair_body *const bodies[2] = { send_singly, receive_singly };
	struct pair p;
	int err = run(&p, t, size, limits, bodies);
	uint64_t cnt;

	*latency = (struct latency){ 0 };
	if (!err && (cnt = p.control->latency_cnt)) {
		uint64_t *ns = p.control->latencies_ns;

		qsort(ns, cnt, sizeof(*ns), by_value);
		*latency = (struct latency){ cnt, ns[cnt / 2], ns[(cnt * 99 + 99) / 100 - 1] };
	}
	pair_close(&p);
	return err;
}

double run_baseline(size_t size, uint64_t limit_ns)
{
	uint64_t begin = pair_now_ns(), messages = 0, wrong = 0;
	char *buf = malloc(size);

	if (!buf)
		return 0;
	do {
		payload_make(buf, size, messages);
		wrong += !payload_right(buf, size, messages++);
	} while (pair_now_ns() - begin < limit_ns);
	free(buf);
	return wrong ? 0 : messages * (double)size / ((pair_now_ns() - begin) / 1e9);
}
