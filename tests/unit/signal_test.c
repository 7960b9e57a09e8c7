// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Signals' ids on the command line and in reports. */
#include <string.h>

#include "mech/signal.h"
#include "tap.h"

extern const struct mechanism mech_signal;

static bool formats(uint32_t pid, uint32_t sig, const char *expected)
{
	struct ipc_object_id id = { .id = 7ull << 32 | pid, .domain = sig, .mech = MECH_SIGNAL };
	char text[64];

	mech_signal.format_id(&id, text, sizeof(text));
	return !strcmp(text, expected);
}

static bool parses(const char *spec, uint32_t pid, uint32_t sig)
{
	struct ipc_object_id id = { 0 };

	return !mech_signal.parse_id(spec, &id) && id.id == pid && id.domain == sig && id.mech == MECH_SIGNAL;
}

static void test_ids(void)
{
	ok(formats(4711, 15, "signal:[4711:SIGTERM]"), "a name, without the process's start");
	ok(formats(4711, 34, "signal:[4711:SIGRTMIN]") && formats(4711, 37, "signal:[4711:SIGRTMIN+3]"), "real-time signals");
	ok(formats(4711, 33, "signal:[4711:33]"), "one that the C library keeps for itself");
	ok(formats(4711, 0, "signal:[4711:any]"), "a wait for several");
	ok(parses("signal:[4711:SIGTERM]", 4711, 15) && parses("signal:[4711:TERM]", 4711, 15) &&
		   parses("signal:[4711:15]", 4711, 15), "by name, short name or number");
	ok(parses("signal:[1:SIGRTMIN+3]", 1, 37), "a real-time signal");
}

static void test_no_ids(void)
{
	static const char *const specs[] = { "signal:[4711]", "signal:[4711:]", "signal:[4711:SIGNO]", "signal:[4711:65]",
					     "signal:[0:TERM]", "signal:[4711:TERM]x", "pipe:[4711]", "4711" };
	struct ipc_object_id id;

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		ok(mech_signal.parse_id(specs[i], &id) < 0, "no signal: %s", specs[i]);
}

static void test_order(void)
{
	uint32_t never[IPC_STATE_WORDS] = { 0 }, old[IPC_STATE_WORDS] = { 0xfffffffe }, young[IPC_STATE_WORDS] = { 1 };

	ok(mech_signal.newer(old, never) && !mech_signal.newer(never, old), "what was never read is the oldest");
	ok(mech_signal.newer(young, old) && !mech_signal.newer(old, young), "the sequence wraps");
}

int main(void)
{
	test_ids();
	test_no_ids();
	test_order();
	return done_testing();
}
