// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Of two states of one UNIX socket, which is newer, and what the older one knows better. */
#include "mech/unix.h"
#include "tap.h"

extern const struct mechanism mech_unix;

static void check_newer(void)
{
	uint32_t a[IPC_STATE_WORDS] = { [UNIX_TYPE] = 1, [UNIX_WHEN] = 5, [IPC_STATE_STAMP] = 0xffffffff };
	uint32_t b[IPC_STATE_WORDS] = { [UNIX_TYPE] = 1, [UNIX_WHEN] = 0xfffffff0, [IPC_STATE_STAMP] = 0xffffffff };
	uint32_t never[IPC_STATE_WORDS] = { 0 };

	ok(mech_unix.newer(a, b) && !mech_unix.newer(b, a), "of one stamp: the later clock, past 2^32");
	b[IPC_STATE_STAMP] = 1;
	ok(mech_unix.newer(b, a) && !mech_unix.newer(a, b), "the later stamp, whatever the clock says");
	ok(mech_unix.newer(a, never) && !mech_unix.newer(never, a) && !mech_unix.newer(never, never), "never read is oldest");
}

static void check_join(void)
{
	uint32_t moved[IPC_STATE_WORDS] = { [UNIX_TYPE] = 1, [UNIX_FIRST_BUFFERS] = 3, [UNIX_SHUTDOWN] = 1, [IPC_STATE_STAMP] = 5 };
	uint32_t closed[IPC_STATE_WORDS] = { [UNIX_TYPE] = 1, [UNIX_SHUTDOWN] = 12 | UNIX_SECOND_CLOSED, [IPC_STATE_STAMP] = 5 };

	mech_unix.join(moved, closed);
	is_int(moved[UNIX_SHUTDOWN], 13 | UNIX_SECOND_CLOSED, "what a close left is not forgotten");
	is_int(moved[UNIX_FIRST_BUFFERS], 3, "who moved bytes last knows the rest");
	closed[IPC_STATE_STAMP] = 7;
	closed[UNIX_SHUTDOWN] |= UNIX_FIRST_CLOSED;
	mech_unix.join(moved, closed);
	is_int(moved[UNIX_SHUTDOWN], 13 | UNIX_SECOND_CLOSED, "another stamp says for itself which is newer");
	closed[IPC_STATE_STAMP] = 5;
	closed[UNIX_TYPE] = 0;
	mech_unix.join(moved, closed);
	is_int(moved[UNIX_SHUTDOWN], 13 | UNIX_SECOND_CLOSED, "what was never read knows nothing");
}

int main(void)
{
	check_newer();
	check_join();
	return done_testing();
}
