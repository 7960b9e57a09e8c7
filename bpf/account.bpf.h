/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where an operation is counted: its object, its edge (a process on an object in
 * one role), its errors, the wakeups it got, its histograms. Looked up and bumped;
 * what is new is created, and no room for it is a loss.
 */
#ifndef ACCOUNT_BPF_H
#define ACCOUNT_BPF_H

#include "row.bpf.h"
#include "wake.bpf.h"

static struct ipc_object zero_object;
static struct ipc_name zero_name; /* names are written where they stay: the stack has no room */

/* The object's record, made when this is the first to be seen of it; NULL: no room. */
static __always_inline struct ipc_object *object_seen(const struct ipc_object_id *obj)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);

	if (o)
		return o;
	map_create(&objects, obj, &zero_object);
	o = bpf_map_lookup_elem(&objects, obj);
	if (o && !o->first_ns) {
		o->first_ns = bpf_ktime_get_ns();
		o->first_tgid = bpf_get_current_pid_tgid() >> 32;
	}
	return o;
}

/* First operation of a process on an object: the slow path. */
static __attribute__((noinline)) struct ipc_edge *edge_create(const struct ipc_edge_key *key)
{
	struct ipc_object_id obj;

	if (!key)
		return NULL;
	obj.id = key->id;
	obj.domain = key->domain;
	obj.mech = key->mech;
	obj.pad = 0;
	row_create(key);
	if (!bpf_map_lookup_elem(&objects, &obj)) {
		struct ipc_object *o;

		map_create(&objects, &obj, &zero_object);
		o = bpf_map_lookup_elem(&objects, &obj);
		if (o && !o->first_ns) {
			o->first_ns = bpf_ktime_get_ns();
			o->first_tgid = key->tgid;
		}
	}
	/* not on behalf of another, or of nobody: the idle task has PID 0 */
	if (key->tgid && key->tgid == (__u32)(bpf_get_current_pid_tgid() >> 32))
		ipc_process_see(key->tgid, key->start);
	return edge_find(key);
}

static __always_inline bool row_is(const struct ipc_row *row, const key_word *words)
{
	__u64 named;

	if (!row)
		return false;
	named = *(volatile __u64 *)&row->words[1]; /* with the mechanism, which row_name writes last */
	row = pointer_after(named, row);
	return named == words[1] && row->words[0] == words[0] && row->words[2] == words[2];
}

/*
 * The number of the row that the hint beside its own tells, if it is the key's, else -1: no row has that. Two that share a
 * place have both, so that of 20,000 edges that are used in turn one in a hundred has none and not one in fourteen.
 */
static __attribute__((noinline)) int row_beside(__u64 id, __u64 where, __u64 who, __u64 slot)
{
	key_word words[3] = {id, where, who};
	__u32 at = hints[(slot ^ 1) & (hint_entries() - 1)];

	return row_is(bpf_map_lookup_elem(&rows, &at), words) ? (int)at : -1;
}

/* A place's hint goes beside it when another one comes. */
static __always_inline void hint_set(__u64 slot, __u32 row)
{
	__u64 mask = hint_entries() - 1;

	hints[(slot ^ 1) & mask] = hints[slot & mask];
	hints[slot & mask] = row;
}

/* The edge is not where the hint says: it is found or made, and the hint set. */
static __attribute__((noinline)) struct ipc_edge *edge_far(const struct ipc_edge_key *key, __u32 slot)
{
	const key_word *words = (const key_word *)key;
	__u32 *row, at;

	if (!key)
		return NULL;
	at = row_beside(words[0], words[1], words[2], slot);
	if ((__s32)at >= 0)
		return bpf_map_lookup_elem(&rows, &at);
	row = bpf_map_lookup_elem(&edges, key);
	if (!row) {
		if (!edge_create(key))
			return NULL;
		row = bpf_map_lookup_elem(&edges, key);
		if (!row)
			return NULL;
	}
	hint_set(slot, *row);
	return bpf_map_lookup_elem(&rows, row);
}

/* Who acts: a process, or (tgid 0) what start says, enum ipc_endpoint_kind. */
struct actor {
	__u32 tgid;
	__u32 start;
};

/* As it stands in keys. */
static __always_inline __u64 actor_word(struct actor who)
{
	return who.tgid | (__u64)who.start << 32;
}

static __always_inline struct actor actor_of(struct task_struct *task)
{
	struct actor who = {.tgid = task->tgid, .start = task->group_leader->start_time >> IPC_START_SHIFT};

	return who;
}

static __always_inline struct actor current_actor(void)
{
	struct actor me;

#ifndef IPC_START_VERIFIED_ONCE
	if (has_current_task_btf()) /* cheaper than the helper, and both of one task */
		return actor_of(bpf_get_current_task_btf());
#endif
	me.tgid = bpf_get_current_pid_tgid() >> 32;
	me.start = current_start();
	return me;
}

/* The same, if an operation that begins here has found it out, and every switch since is seen. */
static __always_inline struct actor slot_actor(const struct ipc_run *run)
{
	struct actor who = {.tgid = run->who, .start = run->who >> 32};

	return PROFILE(PROFILE_WAITS) && *(volatile __u64 *)&run->who_task == current_task() ? who : current_actor();
}

static __always_inline struct ipc_edge *edge_of(const struct ipc_object_id *obj, __u8 op, struct actor who,
						struct ipc_edge_key *key)
{
	key_word *words = (key_word *)key;
	struct ipc_row *row;
	__u64 slot;
	__u32 at;

	words[0] = obj->id;
	words[1] = obj->domain | (__u64)obj->mech << 32 | (__u64)op << 48;
	words[2] = actor_word(who);
	slot = hint_slot(words[0], hint_kind(words[1]), words[2]);
	at = hints[slot];
	row = bpf_map_lookup_elem(&rows, &at);
	return row_is(row, words) ? &row->edge : edge_far(key, slot);
}

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

static __u64 zero_u64;

static __attribute__((noinline)) int error_count(const struct ipc_edge_key *edge, __u32 error)
{
	struct ipc_error_key key;
	__u64 *count;

	if (!edge)
		return 0;
	__builtin_memset(&key, 0, sizeof(key));
	key.edge = *edge;
	key.error = error;
	count = bpf_map_lookup_elem(&errors, &key);
	if (!count) {
		map_create(&errors, &key, &zero_u64);
		count = bpf_map_lookup_elem(&errors, &key);
	}
	if (count)
		add(count, 1);
	return 0;
}

/*
 * log2 bucket: 0 for 0, else 1 + floor(log2(n)), at most the last one. Global, so
 * that the verifier looks at its branches once and not once per step of a loop.
 */
__attribute__((noinline)) int ipc_hist_slot(__u64 n)
{
	__u32 slot = 0;

	if (n >> 32) {
		n >>= 32;
		slot += 32;
	}
	if (n >> 16) {
		n >>= 16;
		slot += 16;
	}
	if (n >> 8) {
		n >>= 8;
		slot += 8;
	}
	if (n >> 4) {
		n >>= 4;
		slot += 4;
	}
	if (n >> 2) {
		n >>= 2;
		slot += 2;
	}
	if (n >> 1) {
		n >>= 1;
		slot += 1;
	}
	slot += n;
	return slot < IPC_HIST_SLOTS ? slot : IPC_HIST_SLOTS - 1;
}

static __always_inline void hist_add(struct ipc_hist *hist, __u64 n)
{
	__u32 slot = ipc_hist_slot(n);

	add(&hist->sum, n);
	if (slot < IPC_HIST_SLOTS) /* again, for the verifier */
		add(&hist->slots[slot], 1);
}

static struct ipc_edge_hists zero_hists;

static __attribute__((noinline)) int hists_add(const struct ipc_edge_key *key, __u64 size, __u64 latency_ns,
					       __u64 wait_ns)
{
	struct ipc_edge_hists *h;

	if (!key)
		return 0;
	h = bpf_map_lookup_elem(&hists, key);
	if (!h) {
		map_create(&hists, key, &zero_hists);
		h = bpf_map_lookup_elem(&hists, key);
		if (!h)
			return 0;
	}
	if (size != ~0ull)
		hist_add(&h->hist[HIST_SIZE], size);
	if (latency_ns)
		hist_add(&h->hist[HIST_LATENCY], latency_ns);
	if (wait_ns)
		hist_add(&h->hist[HIST_WAIT], wait_ns);
	return 0;
}

/* What an operation did, as its exit hook saw it. */
struct op_result {
	__s64 ret;	/* bytes, 0, or -errno */
	__u64 moved;	/* of ret, without a copy */
	bool payload;	/* ret is a number of payload bytes */
};

static __always_inline void edge_account(struct ipc_edge *edge, const struct ipc_edge_key *key,
					 const struct op_result *res)
{
	add(&edge->ops, 1);
	if (res->ret < 0) {
		add(&edge->failed, 1);
		error_count(key, -res->ret);
	} else if (res->payload && res->ret > 0) {
		add(&edge->bytes, res->ret);
		if (res->moved)
			add(&edge->moved_bytes, res->moved);
		if ((__u64)res->ret > res->moved)
			add(&edge->copies, 1);
	}
}

static __always_inline void edge_account_waits(struct ipc_edge *edge, const struct ipc_run *run)
{
	__u32 own = run->own_cause;

	if (run->wakes)
		add(&edge->wakes, run->wakes);
	if (run->other_wakes)
		add(&edge->other_wakes, run->other_wakes);
	if (!run->waits)
		return;
	add(&edge->waits, run->waits);
	add(&edge->wait_ns, run->wait_ns);
	add(&edge->sched_delay_ns, run->sched_delay_ns);
	if (own < CAUSE_MAX && run->own_waits)
		add(&edge->causes[own], run->own_waits);
	if (run->lock_waits)
		add(&edge->causes[CAUSE_LOCK], run->lock_waits);
	if (run->io_waits)
		add(&edge->causes[CAUSE_IO], run->io_waits);
	if (run->spurious)
		add(&edge->spurious_wakes, run->spurious);
}

#endif
