/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The comparison's payload, and what its receiver notices when a transport spoils it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compare/payload.h"
#include "compare/run.h"
#include "tap.h"

static void test_payload(void)
{
	static const size_t sizes[] = { 8, 9, 15, 16, 64, 4093, 65536 };
	static char buf[65536] __attribute__((aligned(8)));
	uint64_t seq;
	size_t offset;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t size = sizes[i], unseen = 0;

		payload_make(buf, size, 7);
		ok(payload_right(buf, size, 7), "%zu bytes: what was made is right", size);
		ok(!payload_right(buf, size, 8), "%zu bytes: it is no other message", size);
		for (size_t at = 0; at < size; at += size > 4096 ? 61 : 1) {
			buf[at] ^= 0x10;
			unseen += payload_right(buf, size, 7);
			buf[at] ^= 0x10;
		}
		is_int(unseen, 0, "%zu bytes: a changed bit is seen wherever it is", size);
	}
	payload_make(buf, sizeof(buf), 123456789);
	payload_where(buf + 4096, &seq, &offset);
	is_int(seq, 123456789, "a part knows its message");
	is_int(offset, 4096, "and its place");
	ok(payload_part_right(buf + 4096, 1001, 123456789, 4096), "and is right");
	ok(!payload_part_right(buf + 4096, 1001, 123456789, 4104), "there only");
	memmove(buf + 64, buf + 72, 64);
	ok(!payload_right(buf, sizeof(buf), 123456789), "bytes out of place are seen");
}

/* ---- a pipe that does wrong at the 50th send, or at every one from there ---- */

#define SIZE 24
#define COUNT 101
#define WRONG 50

static unsigned sends;

static ssize_t flip(struct channel *c, const char *buf, size_t n, bool wait)
{
	char changed[SIZE];

	memcpy(changed, buf, n);
	if (++sends == WRONG)
		changed[n - 1] ^= 1;
	return transport_write(c, changed, n, wait);
}

static ssize_t drop(struct channel *c, const char *buf, size_t n, bool wait)
{
	return ++sends == WRONG ? (ssize_t)n : transport_write(c, buf, n, wait);
}

static ssize_t repeat(struct channel *c, const char *buf, size_t n, bool wait)
{
	if (++sends == WRONG)
		transport_write(c, buf, n, wait);
	return transport_write(c, buf, n, wait);
}

static ssize_t delay(struct channel *c, const char *buf, size_t n, bool wait)
{
	static char kept[SIZE];

	if (++sends == WRONG) {
		memcpy(kept, buf, n);
		return n;
	}
	if (sends == WRONG + 1) {
		ssize_t rc = transport_write(c, buf, n, wait);

		return rc < 0 ? rc : transport_write(c, kept, n, wait);
	}
	return transport_write(c, buf, n, wait);
}

static int fails_to_join(struct channel *c, enum end end)
{
	transport_keep_end(c, end);
	return end == RECEIVER ? -EACCES : 0;
}

static const struct run_limits limits = { 10000000000ull, COUNT };

static struct flow run_with(ssize_t (*send)(struct channel *, const char *, size_t, bool))
{
	struct transport t = *transport_by_name("pipe");
	struct flow flow;

	if (send)
		t.send = send;
	is_int(run_flow(&t, SIZE, &limits, NULL, NULL, &flow), 0, "it runs");
	return flow;
}

static void test_faults(void)
{
	struct flow flow = run_with(NULL);

	ok(flow.sent == COUNT && flow.received == COUNT && !flow.wrong && !flow.lost, "a pipe does no harm");
	is_int(flow.calls, 2 * COUNT, "a call for each end of a message");
	flow = run_with(flip);
	ok(flow.wrong == 1 && !flow.lost, "a flipped bit spoils one message");
	flow = run_with(delay);
	ok(flow.wrong == 2 && !flow.lost, "two that change places are both wrong");
	flow = run_with(repeat);
	/* the one too many is read, too, unless the sender has said before that it was done */
	is_int(flow.wrong, flow.received - WRONG, "after a doubled one all are wrong");
	ok(flow.received == COUNT || flow.received == COUNT + 1, "of as many as were sent");
	pair_grace_ns = 300000000;
	flow = run_with(drop);
	ok(flow.lost == 1 && flow.wrong == COUNT - WRONG, "a dropped one is missed, and those behind it are out of order");
	is_int(flow.sent, COUNT, "though all were sent");
}

static void test_lossy(void)
{
	struct flow flow;

	if (run_flow(transport_by_name("udp"), SIZE, &limits, NULL, NULL, &flow)) {
		skip("no loopback device");
		return;
	}
	ok(flow.sent == COUNT && flow.received + flow.lost == COUNT && !flow.wrong, "datagrams: received, or lost");
}

static void test_errors(void)
{
	struct transport t = *transport_by_name("pipe");
	struct flow flow;

	t.join = fails_to_join;
	is_int(run_flow(&t, SIZE, &limits, NULL, NULL, &flow), -EACCES, "who cannot join says why");
}

int main(void)
{
	test_payload();
	test_faults();
	test_lossy();
	test_errors();
	return done_testing();
}
