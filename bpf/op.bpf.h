/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of an operation: wanted? begin, (sleep, wake: core.bpf.c), end,
 * account, emit. A mechanism calls op_begin() from its entry hook and op_end()
 * from its exit hook; where no figure needs the entry (--counts) only the end.
 * The figures of a wait are added when the operation ends, so that an exit hook
 * that was missed (recursion) can leave a stale slot but never a wrong sum.
 */
#ifndef OP_BPF_H
#define OP_BPF_H

#include "task.bpf.h"
#include "run.bpf.h"
#include "account.bpf.h"
#include "state.bpf.h"

/* Does the operation pass the filters of how it ended? Its latency, when it was measured. */
static __always_inline bool op_passes(const struct ipc_run *run, const struct op_result *res, __u64 *latency_ns)
{
	*latency_ns = 0;
	if (cfg.failed_only && res->ret >= 0)
		return false;
	if (PROFILE(PROFILE_LATENCY | PROFILE_EVENTS) && run && run->begin_ns)
		*latency_ns = bpf_ktime_get_ns() - run->begin_ns;
	return !cfg.min_ns || *latency_ns >= cfg.min_ns;
}

static __always_inline void op_account(struct ipc_edge *edge, const struct ipc_edge_key *key, const struct ipc_run *run,
				       const struct op_result *res, __u64 latency_ns)
{
	edge_account(edge, key, res);
	if (run && PROFILE(PROFILE_WAITS))
		edge_account_waits(edge, run);
	if (PROFILE(PROFILE_LATENCY)) {
		if (latency_ns)
			add(&edge->latency_ns, latency_ns);
		hists_add(key, res->payload && res->ret >= 0 ? (__u64)res->ret : ~0ull, latency_ns, run ? run->wait_ns : 0);
	}
}

/*
 * Ends the operation: counts it on its edge, with the waits and the latency of
 * `run` when there is one. Returns the edge, for the mechanism's own counters,
 * or NULL: not counted (a filter) or no room (then a loss was counted).
 */
static __always_inline struct ipc_edge *op_end_by(struct actor who, const struct ipc_object_id *obj, __u8 op,
						  struct ipc_run *run, const struct op_result *res)
{
	struct ipc_edge_key key;
	struct ipc_edge *edge;
	__u64 latency_ns;

	if (!op_passes(run, res, &latency_ns))
		return NULL;
	edge = edge_of(obj, op, who, &key);
	if (edge)
		op_account(edge, &key, run, res, latency_ns);
	return edge;
}

/* The same for an operation whose row is known. */
static __always_inline struct ipc_edge *op_end_at(struct ipc_row *row, const struct ipc_run *run, const struct op_result *res)
{
	__u64 latency_ns;

	if (!op_passes(run, res, &latency_ns))
		return NULL;
	op_account(&row->edge, &row->key, run, res, latency_ns);
	return &row->edge;
}

static __always_inline struct ipc_edge *op_end(const struct ipc_object_id *obj, __u8 op, struct ipc_run *run,
					       const struct op_result *res)
{
	return op_end_by(current_actor(), obj, op, run, res);
}

/* One ring buffer record for the operation that ended; `edge` gives the state words. */
static __always_inline void op_emit_by(struct actor who, const struct ipc_object_id *obj, __u8 op,
				       const struct ipc_run *run, const struct op_result *res,
				       const struct ipc_edge *edge, __u64 size)
{
	struct ipc_event *e;
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		lose(LOSS_RING_FULL);
		return;
	}
	e->time_ns = bpf_ktime_get_ns();
	e->obj = *obj;
	e->latency_ns = run && run->begin_ns ? e->time_ns - run->begin_ns : 0;
	e->wait_ns = run ? run->wait_ns : 0;
	e->result = res->ret;
	e->size = size;
	e->moved = res->moved;
	e->tgid = who.tgid;
	e->tid = who.tgid ? pid_tgid : 0;
	e->op = op;
	e->cause = run && run->waits ? run->cause : CAUSE_NONE;
	e->known = (run ? EVENT_LATENCY | EVENT_WAIT : 0) | EVENT_STATE | (size == ~0ull ? 0 : EVENT_SIZE);
	e->kind = who.tgid ? ENDPOINT_PROCESS : who.start;
	e->depth = edge->depth;
	if (who.tgid)
		bpf_get_current_comm(e->comm, sizeof(e->comm));
	else
		e->comm[0] = 0;
	__builtin_memcpy(e->state, edge->state, sizeof(e->state));
	e->sleep_ns = run && run->waits ? run->sleep_ns : 0;
	e->wake_ns = run && run->waits ? run->wake_ns : 0;
	e->waker = run && run->waits ? run->waker : 0;
	e->waker_kind = run && run->waits ? run->waker_kind : 0;
	bpf_ringbuf_submit(e, 0);
}

static __always_inline void op_emit(const struct ipc_object_id *obj, __u8 op, const struct ipc_run *run,
				    const struct op_result *res, const struct ipc_edge *edge, __u64 size)
{
	op_emit_by(current_actor(), obj, op, run, res, edge, size);
}

#endif
