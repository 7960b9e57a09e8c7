// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Of two states of one pipe, which is newer, and what the older one knows better. */
#include "reading.h"
#include "tap.h"

static void check_newer(void)
{
	uint32_t a[IPC_STATE_WORDS] = { [PIPE_HEAD] = 2, [PIPE_TAIL] = 0xfffffffe, [PIPE_RING_SIZE] = 16 };
	uint32_t b[IPC_STATE_WORDS] = { [PIPE_HEAD] = 0xffffffff, [PIPE_TAIL] = 0xfffffffe, [PIPE_RING_SIZE] = 16 };
	uint32_t never[IPC_STATE_WORDS] = { 0 };

	ok(pipe_newer(a, b) && !pipe_newer(b, a), "head went past 2^32");
	ok(!pipe_newer(a, a), "the same is not newer");
	ok(pipe_newer(a, never) && !pipe_newer(never, a) && !pipe_newer(never, never), "never read is oldest");
	memcpy(b, a, sizeof(b));
	b[PIPE_R_COUNTER] = 1;
	ok(pipe_newer(b, a) && !pipe_newer(a, b), "one more open");
	b[PIPE_R_COUNTER] = 0;
	a[PIPE_FILES] = 2;
	b[PIPE_FILES] = 1;
	ok(pipe_newer(b, a) && !pipe_newer(a, b), "one more close");
	a[PIPE_FILES] = 1;
	a[IPC_STATE_STAMP] = 5;
	ok(!pipe_newer(a, b) && !pipe_newer(b, a), "one stamp alone tells nothing");
	b[IPC_STATE_STAMP] = 0xfffffff1;
	b[PIPE_HEAD] += 9;
	ok(pipe_newer(a, b) && !pipe_newer(b, a), "the later stamp, past 2^32, whatever became of the ring");
	b[IPC_STATE_STAMP] = 5;
	ok(pipe_newer(b, a) && !pipe_newer(a, b), "of one moment: the head again");
}

/* What operations do not read each time comes from whoever read it last. */
static void check_join(void)
{
	uint32_t wrote[IPC_STATE_WORDS] = {
		[PIPE_HEAD] = 9, [PIPE_RING_SIZE] = 16, [PIPE_READERS] = 1, [PIPE_FILES] = 2, [PIPE_R_COUNTER] = 1, [PIPE_NR_ACCOUNTED] = 16,
		[PIPE_KEPT_PAGES] = 1, [IPC_STATE_STAMP] = 5,
	};
	uint32_t closed[IPC_STATE_WORDS] = {
		[PIPE_HEAD] = 7, [PIPE_RING_SIZE] = 16, [PIPE_FILES] = 1, [PIPE_R_COUNTER] = 1, [PIPE_NR_ACCOUNTED] = 17, [IPC_STATE_STAMP] = 5,
	};

	pipe_join(closed, wrote);
	ok(!closed[PIPE_READERS] && closed[PIPE_FILES] == 1, "what a close left is not forgotten");
	pipe_join(wrote, closed);
	ok(!wrote[PIPE_READERS] && wrote[PIPE_FILES] == 1 && wrote[PIPE_NR_ACCOUNTED] == 17, "but told by the one that closed");
	ok(wrote[PIPE_HEAD] == 9 && wrote[PIPE_KEPT_PAGES] == 1, "who moved bytes last knows the rest");
	closed[PIPE_R_COUNTER] = 2;
	closed[PIPE_FILES] = 2;
	pipe_join(wrote, closed);
	is_int(wrote[PIPE_R_COUNTER], 2, "an open, too");
	closed[PIPE_R_COUNTER] = 3;
	wrote[PIPE_SET_UP] = 1;
	closed[PIPE_SET_UP] = 0xfffffffd;
	pipe_join(wrote, closed);
	is_int(wrote[PIPE_R_COUNTER], 2, "what was read before the last look is not asked");
	closed[PIPE_R_COUNTER] = closed[PIPE_READERS] = 1;
	closed[PIPE_MAX_USAGE] = 7;
	closed[PIPE_SET_UP] = 3;
	closed[IPC_STATE_STAMP] = 4;
	pipe_join(wrote, closed);
	ok(wrote[PIPE_READERS] == 1 && wrote[PIPE_MAX_USAGE] == 7 && wrote[PIPE_SET_UP] == 3, "what was read after it is, whatever else is older");
	wrote[PIPE_SET_UP] = IPC_STATE_ABSENT;
	wrote[PIPE_READERS] = 0;
	pipe_join(wrote, closed);
	ok(!wrote[PIPE_READERS], "what is read with the rest, as the later state, is not taken from an earlier one");
	closed[PIPE_SET_UP] = 0;
	closed[IPC_STATE_STAMP] = 7;
	pipe_join(wrote, closed);
	ok(wrote[PIPE_READERS] == 1 && wrote[PIPE_SET_UP] == 7, "but from a later one");
	wrote[PIPE_R_COUNTER] = 2;
	closed[PIPE_R_COUNTER] = 4;
	closed[PIPE_RING_SIZE] = 0;
	pipe_join(wrote, closed);
	is_int(wrote[PIPE_R_COUNTER], 2, "what was never read knows nothing");
}

/* Two processes in one reading, and one of them in the next: nothing goes back. */
static void check_joined_model(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct snapshot s = { 0 };
	struct ipc_object_id id = pipe_id(6);
	uint32_t senders, receivers;
	struct ipc_edge *e;

	for (unsigned n = 1; n <= 2; n++) {
		reading_at(&s, n * 1000);
		add_object(&s, id)->creations = 1;
		e = add_edge(&s, id, OP_SEND, 100);
		e->ops = n;
		e->state[PIPE_HEAD] = n;
		e->state[PIPE_RING_SIZE] = 16;
		e->state[PIPE_READERS] = e->state[PIPE_WRITERS] = 1;
		e->state[PIPE_FILES] = 2;
		e->state[IPC_STATE_STAMP] = 5;
		e = add_edge(&s, id, OP_CLOSE, 101);
		e->ops = 1;
		e->state[PIPE_RING_SIZE] = 16;
		e->state[PIPE_WRITERS] = e->state[PIPE_FILES] = 1;
		e->state[IPC_STATE_STAMP] = 5;
		model_update(m, &s);
		ok(pipe_ends(model_object(m, &id), &senders, &receivers) && senders == 1 && !receivers, "the reader has closed, in reading %u", n);
		is_int(object_state(model_object(m, &id))[PIPE_HEAD], n, "and the writer's head counts");
	}
	model_free(m);
	snapshot_free(&s);
}

int main(void)
{
	check_newer();
	check_join();
	check_joined_model();
	return done_testing();
}
