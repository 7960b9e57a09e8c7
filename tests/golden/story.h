/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A short story in three readings, for every output to tell:
 *
 *	pipe 81234	made while we watched: dd writes to cat, destroyed before the third reading
 *	pipe 4711	older than we: yes sleeps before a full ring, sleep never reads; two more hold its end
 *	fifo 77		by path; a client with an evil name waits for a partner, fails, sends in the end
 *	pipe 990	a reader that asks in vain (EAGAIN), a writer that splices, a resize
 */
#ifndef STORY_H
#define STORY_H

#include <errno.h>

#include "../unit/reading.h"

#define STORY_READINGS 3

static inline void story_processes(struct snapshot *s)
{
	add_process(s, 1201, "dd")->cgroup_id = 42;
	add_process(s, 1202, "cat")->cgroup_id = 42;
	add_process(s, 1200, "sh")->cgroup_id = 42;
	{
		struct ipc_process *yes = add_process(s, 900, "yes"); /* in a container */

		yes->cgroup_id = 43;
		yes->ns_tgid = 17;
		yes->pid_ns = 4026532177;
	}
	add_process(s, 901, "sleep");
	add_process(s, 902, "holder");
	add_process(s, 3000, "evil\033[31m\xe2\x80\xae\xff");
	add_process(s, 3001, "server");
	add_process(s, 5000, "producer-of-lot");
	add_process(s, 5001, "poller");
}

/* n is 1 to 3: how far the copy has come. */
static inline void story_copy(struct snapshot *s, unsigned n)
{
	struct ipc_object_id id = pipe_id(81234);
	struct ipc_object *o = add_new_object(s, id);
	struct ipc_edge *e;

	o->first_tgid = 1200;
	o->max_bytes = 65536;
	e = add_transfer(s, id, OP_OPEN, 1200, 1, 0, 0, 0);
	e->copies = 0;
	e = add_transfer(s, id, OP_SEND, 1201, 300 * n, 300 * n * 4096, 300 * n, 300 * n - 2);
	e->waits = e->causes[CAUSE_FULL] = 11 * n;
	e->wait_ns = 30 * MS * n;
	e->sched_delay_ns = 123456 * n;
	e->wakes = 40 * n;
	e->state[PIPE_KEPT_PAGES] = 1;
	e->latency_ns = 33 * MS * n;
	e->max_depth = 16;
	e = add_transfer(s, id, OP_RECV, 1202, 310 * n, (300 * n - 2) * 4096, 300 * n, 300 * n - 2);
	e->waits = e->causes[CAUSE_EMPTY] = 40 * n;
	e->wait_ns = 600 * MS * n;
	e->sched_delay_ns = 1234567 * n;
	e->wakes = 11 * n;
	e->spurious_wakes = n;
	e->latency_ns = 602 * MS * n;
	e->counters[COUNTER_KEPT] = 100 * n;
	e->state[PIPE_KEPT_PAGES] = 1;
	add_wake(s, id, WAKER_TASK, 1201, 1202, 40 * n);
	add_wake(s, id, WAKER_TASK, 1202, 1201, 11 * n);
	add_hists(s, id, OP_SEND, 1201)->hist[HIST_SIZE].slots[13] = 300 * n;
	s->hists.values[s->hists.cnt - 1].hist[HIST_SIZE].sum = 300 * n * 4096;
	for (unsigned i = 0; i < 5; i++) {
		s->hists.values[s->hists.cnt - 1].hist[HIST_LATENCY].slots[10 + i] = 60 * n - 10 * i;
		s->hists.values[s->hists.cnt - 1].hist[HIST_LATENCY].sum += (60 * n - 10 * i) * (1000ull << i);
	}
	add_hists(s, id, OP_RECV, 1202)->hist[HIST_WAIT].slots[24] = 40 * n;
	s->hists.values[s->hists.cnt - 1].hist[HIST_WAIT].sum = 600 * MS * n;
	add_residency(s, id)->hist.slots[20] = 300 * n - 2;
	s->residency.values[s->residency.cnt - 1].hist.sum = (300 * n - 2) * 800000ull;
	if (n < STORY_READINGS)
		return;
	/* two pages were still inside when it went */
	o->flags = OBJECT_DESTROYED;
	o->destructions = 1;
	o->last_ns = s->start_ns + 2900 * MS;
	o->discarded_bytes = 2 * 4096;
	memcpy(o->state, e->state, sizeof(o->state));
	o->state[PIPE_READERS] = 0;
	o->state[PIPE_WRITERS] = 0;
	o->state[PIPE_FILES] = 1;
	o->counters[RING_EARLIER_HEADS] = 300 * n;
	add_transfer(s, id, OP_CLOSE, 1201, 1, 0, 300 * n, 300 * n - 2)->copies = 0;
	add_transfer(s, id, OP_CLOSE, 1202, 1, 0, 300 * n, 300 * n - 2)->copies = 0;
}

/* cat waits for dd, once for an interrupt, and once in a place for which there was no room; dd for cat. */
static inline void story_stacks(struct snapshot *s, unsigned n)
{
	const uint64_t read[] = { 0xf1, 0xf2, 0xf3, 0xf4, 0xf3, 0xf9 }, write[] = { 0xf1, 0xf5, 0xf6 }, irq[] = { 0xf7, 0xf8, 0xf3 };
	const uint64_t cat[] = { 0x11, 0x12 }, dd[] = { 0x11, 0x21 };
	const struct ipc_stack_key wait = { .obj = pipe_id(81234), .op = OP_RECV, .cause = CAUSE_EMPTY, .tgid = 1202, .kernel = 3,
					    .user = 4, .waker_kernel = STACK_NONE, .waker_user = STACK_NONE };
	struct ipc_stack_key key = wait;

	add_stack(s, 3, read, 6);
	add_stack(s, 4, cat, 2);
	add_stack(s, 70, write, 3);
	add_stack(s, 71, dd, 2);
	add_stack(s, 72, irq, 3);
	add_stack(s, 73, write + 1, 2);
	add_symbol_name(s, 0xf1, 0, "__traceiter_sched_switch");
	add_symbol_name(s, 0xf2, 0, "schedule");
	add_symbol_name(s, 0xf3, 0, "pipe_read");
	add_symbol_name(s, 0xf4, 0, "bpf_trampoline_77");
	add_symbol_name(s, 0xf5, 0, "__wake_up_sync_key");
	add_symbol_name(s, 0xf6, 0, "pipe_write");
	add_symbol_name(s, 0xf7, 0, "hrtimer_wakeup");
	add_symbol_name(s, 0xf8, 0, "asm_sysvec_apic_timer_interrupt");
	add_symbol_name(s, 0xf9, 0, "vfs_read");
	add_symbol_name(s, 0x11, 1202, "evil;\nname");
	add_symbol_name(s, 0x11, 1201, "write");
	key.waker = 1201;
	key.waker_kernel = 70;
	key.waker_user = 71;
	add_stack_wait(s, key, 36 * n, 490 * MS * n);
	key.waker_kernel = 73; /* the same functions, called another way: of one line with it */
	add_stack_wait(s, key, n, 10 * MS * n + 499);
	key = wait;
	key.waker_kind = WAKER_INTERRUPT;
	key.waker_kernel = 72;
	add_stack_wait(s, key, n, 7 * MS * n + 500);
	key = wait;
	key.kernel = STACK_LOST;
	key.user = STACK_NONE;
	add_stack_wait(s, key, 1, 0);
	key = wait;
	key.op = OP_SEND;
	key.cause = CAUSE_FULL;
	key.tgid = 1201;
	key.waker = 1202;
	add_stack_wait(s, key, 11 * n, 30 * MS * n);
}

static inline void story_full(struct snapshot *s, unsigned n)
{
	struct ipc_object_id id = pipe_id(4711);
	struct ipc_object *o = add_object(s, id);
	struct ipc_run *run;

	o->flags = OBJECT_PREEXISTING | OBJECT_SAMPLED;
	o->first_ns = s->start_ns - MS;
	o->base_bytes = o->inside_bytes = o->depth_bytes = o->max_bytes = 65536;
	o->last_ns = n == STORY_READINGS ? s->now_ns : o->first_ns;
	o->base_state[PIPE_HEAD] = 0x00000008; /* wrapped */
	o->base_state[PIPE_TAIL] = 0xfffffff8;
	o->base_state[PIPE_RING_SIZE] = o->base_state[PIPE_MAX_USAGE] = o->base_state[PIPE_NR_ACCOUNTED] = 16;
	o->base_state[PIPE_READERS] = o->base_state[PIPE_WRITERS] = 1;
	o->base_state[PIPE_R_COUNTER] = o->base_state[PIPE_W_COUNTER] = 1;
	o->base_state[PIPE_FILES] = 2;
	memcpy(o->state, o->base_state, sizeof(o->state));
	add_holder(s, id, OP_SEND, 900, 1);
	add_holder(s, id, OP_RECV, 901, 1);
	add_holder(s, id, OP_RECV, 902, 2);
	run = add_sleeper(s, id, OP_SEND, 900, "yes", CAUSE_FULL, s->start_ns - 5 * SECOND);
	run->flags |= RUN_PREEXISTING;
}

static inline void story_fifo(struct snapshot *s, unsigned n)
{
	struct ipc_object_id id = fifo_id(77);
	struct ipc_object *o = add_new_object(s, id);
	struct ipc_edge *e;

	o->first_ns = s->start_ns + 200 * MS;
	add_name(s, id, "/run/a-rather-long-directory-name/\033]0;title\007/requests.fifo");
	if (n < 2) {
		add_sleeper(s, id, OP_OPEN, 3000, "evil\033[31m\xe2\x80\xae\xff", CAUSE_PARTNER,
			    s->start_ns + 200 * MS);
		return;
	}
	e = add_transfer(s, id, OP_OPEN, 3000, 2, 0, 0, 0);
	e->copies = 0;
	e->failed = 1;
	e->waits = e->causes[CAUSE_PARTNER] = 1;
	e->wait_ns = 900 * MS;
	add_error(s, id, OP_OPEN, 3000, ENXIO, 1);
	e = add_transfer(s, id, OP_OPEN, 3001, 1, 0, 0, 0);
	e->copies = 0;
	e->wakes = 1;
	add_wake(s, id, WAKER_TASK, 3001, 3000, 1);
	/* seven small writes, merged into two pages */
	e = add_transfer(s, id, OP_SEND, 3000, 9, 7 * 700, 2, 0);
	e->failed = 2;
	e->counters[COUNTER_PAGE_CHUNKS] = 7;
	add_error(s, id, OP_SEND, 3000, EPIPE, 1);
	add_error(s, id, OP_SEND, 3000, 512, 1);
	add_transfer(s, id, OP_RECV, 3001, 3, 3 * 700, 2, 0);
	if (n == STORY_READINGS) {
		o->flags = OBJECT_SAMPLED;
		o->last_ns = s->now_ns;
		o->inside_bytes = 4 * 700;
		memcpy(o->state, e->state, sizeof(o->state));
	}
}

static inline void story_splice(struct snapshot *s, unsigned n)
{
	struct ipc_object_id id = pipe_id(990);
	struct ipc_edge *e;

	if (n == 2) /* it had a quiet second: nothing but what was there */
		n = 1;
	add_new_object(s, id);
	e = add_transfer(s, id, OP_SEND, 5000, 5 * n, 5 * n * 8192, 10 * n, 10 * n);
	e->copies = 0;
	e->moved_bytes = e->bytes;
	e->counters[COUNTER_PAGE_CHUNKS] = 0;
	e->counters[COUNTER_SPLICED_SLOTS] = 10 * n;
	e = add_transfer(s, id, OP_RECV, 5001, 25 * n, 5 * n * 8192, 10 * n, 10 * n);
	e->failed = 20 * n;
	e->bytes += n;
	add_error(s, id, OP_RECV, 5001, EAGAIN, 20 * n);
	e->other_wakes = 3;
	add_transfer(s, id, OP_SEND, 5001, n, n, 10 * n, 10 * n); /* to itself */
}

/* Reading n, from 1. The last one was taken after the end of counting. */
static inline void story_reading(struct snapshot *s, unsigned n)
{
	static const unsigned at_ms[] = { 0, 1000, 2000, 3500 };

	reading_at(s, at_ms[n]);
	if (n == STORY_READINGS)
		s->stop_ns = s->now_ns - 10 * MS;
	story_processes(s);
	story_copy(s, n);
	story_stacks(s, n);
	story_full(s, n);
	story_fifo(s, n);
	story_splice(s, n);
}

static inline bool story_cgroup(void *ctx, uint64_t id, char *path, size_t size)
{
	(void)ctx;
	if (id == 43) /* in a container */
		snprintf(path, size, "/system.slice/docker-%064d.scope", 43);
	else
		snprintf(path, size, "/system.slice/job-%llu.service", (unsigned long long)id);
	return true;
}

/* Two operations, as the ring buffer would bring them. */
static inline void story_events(struct ipc_event e[3])
{
	memset(e, 0, 3 * sizeof(*e));
	e[0] = (struct ipc_event){ .time_ns = START_NS + 1234567890, .obj = pipe_id(81234), .latency_ns = 1520,
				   .result = 4096, .size = 4096, .tgid = 1201, .tid = 1201, .op = OP_SEND, .depth = 3,
				   .known = EVENT_LATENCY | EVENT_WAIT | EVENT_STATE | EVENT_SIZE, .comm = "dd" };
	e[0].state[PIPE_HEAD] = 300;
	e[0].state[PIPE_TAIL] = 297;
	e[0].state[PIPE_RING_SIZE] = e[0].state[PIPE_MAX_USAGE] = 16;
	e[1] = (struct ipc_event){ .time_ns = START_NS + 1300000000, .obj = fifo_id(77), .latency_ns = 901 * MS,
				   .wait_ns = 900 * MS, .result = -ENXIO, .size = ~0ull, .tgid = 3000, .tid = 3007,
				   .op = OP_OPEN, .cause = CAUSE_PARTNER, .known = EVENT_LATENCY | EVENT_WAIT };
	e[1].sleep_ns = e[1].time_ns - 900500 * MS / 1000;
	e[1].wake_ns = e[1].sleep_ns + 900 * MS;
	e[1].waker = 1201;
	e[1].waker_kind = WAKER_TASK;
	memcpy(e[1].comm, "evil\033[31m\xe2\x80\xae\xff", 13);
	e[2] = (struct ipc_event){ .time_ns = START_NS + 1300001000, .obj = pipe_id(990), .result = -512,
				   .size = 65536, .tgid = 5001, .tid = 5001, .op = OP_RECV, .known = EVENT_SIZE,
				   .comm = "poller" };
}

#endif
