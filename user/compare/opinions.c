// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is often written of these mechanisms, settled by the figures of one size.
 * Of two rates whose three runs overlap neither is called the higher.
 */
#include <stdio.h>
#include <string.h>

#include "compare/compare.h"
#include "out/units.h"

const char *opinion_word(enum verdict_kind verdict)
{
	static const char *const words[] = { "holds", "does not hold here", "not settled" };

	return words[verdict];
}

static const struct figures *find(const struct figures *f, size_t cnt, const char *name)
{
	for (size_t i = 0; i < cnt; i++)
		if (strcmp(f[i].transport->name, name) == 0 && !f[i].error && !f[i].corrupt)
			return &f[i];
	return NULL;
}

static bool usable(const struct figures *f)
{
	return !f->error && !f->corrupt;
}

/* The one with the greatest value; of two that are equal the first. NULL: there are not two to compare. */
static const struct figures *most(const struct figures *f, size_t cnt, double (*value)(const struct figures *f))
{
	const struct figures *best = NULL;
	size_t usable = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (f[i].error || f[i].corrupt)
			continue;
		usable++;
		if (!best || value(&f[i]) > value(best))
			best = &f[i];
	}
	return usable > 1 ? best : NULL;
}

static double rate(const struct figures *f)
{
	return f->off.bytes_per_s;
}

static double slowness(const struct figures *f)
{
	return f->off.bytes_per_s > 0 ? 1 / f->off.bytes_per_s : 0;
}

static double latency(const struct figures *f)
{
	return f->latency.median_ns;
}

static bool shares_memory(const struct figures *f)
{
	return f->transport->room && f->transport->arrival;
}

static enum verdict_kind msg_slowest(const struct figures *f, size_t cnt, char *why, size_t size)
{
	const struct figures *msg = find(f, cnt, "msg"), *slow = most(f, cnt, slowness), *late = most(f, cnt, latency);
	char a[UNIT_LEN], b[UNIT_LEN], c[UNIT_LEN], d[UNIT_LEN];

	if (!msg || !slow || !late)
		return OPINION_UNKNOWN;
	format_unit(a, rate(msg), UNIT_BYTES);
	format_unit(b, rate(slow), UNIT_BYTES);
	format_unit(c, latency(msg), UNIT_NS);
	format_unit(d, latency(late), UNIT_NS);
	snprintf(why, size, "msg %s/s, the slowest is %s with %s/s; msg %s, the highest latency has %s with %s", a,
		 slow->transport->name, b, c, late->transport->name, d);
	for (size_t i = 0; i < cnt; i++)
		if (usable(&f[i]) && f[i].most_per_s < msg->least_per_s)
			return OPINION_FAILS;
	for (size_t i = 0; i < cnt; i++)
		if (usable(&f[i]) && &f[i] != msg && f[i].least_per_s <= msg->most_per_s)
			return OPINION_UNKNOWN;
	return late == msg ? OPINION_HOLDS : OPINION_FAILS;
}

static enum verdict_kind shm_fastest(const struct figures *f, size_t cnt, char *why, size_t size)
{
	const struct figures *fast = most(f, cnt, rate), *shm = NULL;
	char a[UNIT_LEN], b[UNIT_LEN];

	for (size_t i = 0; i < cnt; i++)
		if (shares_memory(&f[i]) && !f[i].error && !f[i].corrupt && (!shm || rate(&f[i]) > rate(shm)))
			shm = &f[i];
	if (!fast || !shm)
		return OPINION_UNKNOWN;
	format_unit(a, rate(shm), UNIT_BYTES);
	format_unit(b, rate(fast), UNIT_BYTES);
	snprintf(why, size, "%s %s/s, the fastest is %s with %s/s", shm->transport->name, a, fast->transport->name, b);
	if (!shares_memory(fast))
		return fast->least_per_s > shm->most_per_s ? OPINION_FAILS : OPINION_UNKNOWN;
	for (size_t i = 0; i < cnt; i++)
		if (usable(&f[i]) && !shares_memory(&f[i]) && f[i].most_per_s >= shm->least_per_s)
			return OPINION_UNKNOWN;
	return OPINION_HOLDS;
}

/* Copies: none. System calls: those of what tells the other side. */
static enum verdict_kind shm_no_copy(const struct figures *f, size_t cnt, char *why, size_t size)
{
	bool held = true, any = false;
	double copies;

	for (size_t i = 0; i < cnt; i++) {
		const struct probed *p = &f[i].probed;
		size_t len = strlen(why);

		if (!shares_memory(&f[i]) || !f[i].traced || !figures_copies(&f[i], &copies))
			continue;
		any = true;
		held &= p->copied_bytes == 0;
		snprintf(why + len, size - len, "%s%s: %llu bytes copied, %.2f calls a message, all to wait and to wake",
			 len ? "; " : "", f[i].transport->name, (unsigned long long)p->copied_bytes,
			 (double)(p->ops[SENDER] + p->ops[RECEIVER]) / f[i].on.received);
	}
	return !any ? OPINION_UNKNOWN : held ? OPINION_HOLDS : OPINION_FAILS;
}

/* Copies of each byte, of those that are named; wanted within one in a hundred. */
static enum verdict_kind copies_are(const struct figures *f, size_t cnt, const char *const *names, double wanted,
				    char *why, size_t size)
{
	bool held = true, any = false;

	for (; *names; names++) {
		const struct figures *one = find(f, cnt, *names);
		size_t len = strlen(why);
		double copies;

		if (!one || !one->traced || !figures_copies(one, &copies))
			continue;
		any = true;
		held &= copies > wanted * 0.99 && copies < wanted * 1.01;
		snprintf(why + len, size - len, "%s%s: %.3g", len ? ", " : "", *names, copies);
	}
	return !any ? OPINION_UNKNOWN : held ? OPINION_HOLDS : OPINION_FAILS;
}

static enum verdict_kind pipe_two_copies(const struct figures *f, size_t cnt, char *why, size_t size)
{
	static const char *const names[] = { "pipe", "fifo", NULL };
	const struct figures *moved = find(f, cnt, "pipe-vmsplice");
	enum verdict_kind verdict = copies_are(f, cnt, names, 2, why, size);
	size_t len = strlen(why);
	double copies;

	if (verdict != OPINION_UNKNOWN && moved && moved->traced && figures_copies(moved, &copies))
		snprintf(why + len, size - len, "; with vmsplice: %.3g", copies);
	return verdict;
}

static enum verdict_kind mq_copy(const struct figures *f, size_t cnt, char *why, size_t size)
{
	static const char *const names[] = { "mq", "msg", NULL };

	return copies_are(f, cnt, names, 2, why, size);
}

static enum verdict_kind unix_copies(const struct figures *f, size_t cnt, char *why, size_t size)
{
	static const char *const names[] = { "unix-stream", "unix-dgram", "unix-seqpacket", NULL };

	return copies_are(f, cnt, names, 2, why, size);
}

static enum verdict_kind inet_loss(const struct figures *f, size_t cnt, char *why, size_t size)
{
	const struct figures *tcp = find(f, cnt, "tcp"), *udp = find(f, cnt, "udp");

	if (!tcp || !udp)
		return OPINION_UNKNOWN;
	snprintf(why, size, "tcp lost %llu of %llu messages, udp %llu of %llu", (unsigned long long)tcp->off.lost,
		 (unsigned long long)tcp->off.sent, (unsigned long long)udp->off.lost,
		 (unsigned long long)udp->off.sent);
	if (!tcp->off.lost && !udp->off.lost)
		return OPINION_UNKNOWN; /* it may, but did not */
	return tcp->off.lost ? OPINION_FAILS : OPINION_HOLDS;
}

const struct opinion opinions[] = {
	{ "msg-slowest", "a System V queue is the slowest mechanism, with the highest latency", msg_slowest },
	{ "shm-fastest", "shared memory is the fastest mechanism", shm_fastest },
	{ "shm-no-copy", "shared memory passes data without a copy and a system call", shm_no_copy },
	{ "pipe-two-copies", "every byte through a pipe is copied twice", pipe_two_copies },
	{ "mq-copy", "a message is copied into the kernel and out again", mq_copy },
	{ "unix-copies", "data goes through kernel socket buffers: two copies", unix_copies },
	{ "inet-loss", "a stream loses nothing, datagrams may be dropped", inet_loss },
};
const size_t opinion_cnt = sizeof(opinions) / sizeof(opinions[0]);
