/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A signal is generated: is it wanted, whose row has its words, what it does to them. Included by signal.bpf.c. */
#ifndef SIGNAL_SEND_BPF_H
#define SIGNAL_SEND_BPF_H

/* A target that has done nothing yet has no class: by what is known of it. Cgroups are told of current tasks only. */
static __always_inline bool filter_matches_target(const volatile struct ipc_filter *f, struct task_struct *t)
{
	struct task_struct *leader = t->group_leader;

	if (!f->used || f->cgroup)
		return false;
	return (!f->pids_cnt || listed(f->pids, f->pids_cnt, t->tgid)) &&
	       (!f->tids_cnt || listed(f->tids, f->tids_cnt, t->pid)) &&
	       (!f->uid_set || f->uid == t->cred->uid.val) && (!f->comm[0] || comm_is(leader->comm, f->comm));
}

static __always_inline bool target_matches(struct task_struct *t)
{
	for (int i = 0; i < IPC_FILTERS; i++)
		if (filter_matches_target(&cfg.filters[i], t))
			return true;
	return false;
}

/* Either end: the sender, which is current, or the target, which need not be. */
static __always_inline bool generation_wanted(const struct ipc_object_id *obj, struct task_struct *t, struct actor who)
{
	__u32 slot, tid, tgid = t->tgid, *want;
	__u8 *class, *leader;

	if (cfg.self_tgid && (tgid == cfg.self_tgid || who.tgid == cfg.self_tgid))
		return false;
	if (is_other_object(obj))
		return false;
	if (!cfg.filtered)
		return true;
	slot = object_hash(obj);
	tid = t->pid;
	class = bpf_map_lookup_elem(&classes, &tid);
	leader = bpf_map_lookup_elem(&classes, &tgid);
	want = bpf_map_lookup_elem(&wanted, &slot);
	if (want && ((class && class_counts(*class)) || (leader && (class_counts(*leader) || *leader == CLASS_HOLDS))))
		make_wanted(want);
	else if (want && !*want && target_matches(t))
		make_wanted(want);
	return (want && *want) || (who.tgid && op_wanted(obj));
}

/*
 * The target is an endpoint as soon as anything is sent to it. Its row, which has the state words; by a look at what is
 * at hand, if it takes part in this object already. NULL: there is no room.
 */
static __always_inline struct ipc_row *target_row(const struct ipc_object_id *obj, struct task_struct *t, struct actor who)
{
	__u32 at;
	struct ipc_row *row = row_at_hand(obj->id, obj->domain | (__u64)obj->mech << 32, OP_RECV, actor_word(who), &at);
	struct ipc_edge_key key;

	if (row && row->kobj == TARGET_SEEN)
		return row;
	process_see_task(t->group_leader, who.tgid, who.start);
	row = (struct ipc_row *)edge_of(obj, OP_RECV, who, &key);
	if (row && row->kobj != TARGET_SEEN)
		target_begins(row, obj, &who);
	return row;
}

/* SIGCONT drops stop signals that are pending, and the other way round (prepare_signal). */
static __always_inline void drop_pending(struct actor who, __u32 sig)
{
	struct ipc_object_id obj;
	struct signal_internals *s;

	signal_identify(who, sig, &obj);
	s = target_words(&obj);
	if (!s || s->taken == s->queued)
		return;
	s->taken = s->queued;
	signal_words(s);
}

static __always_inline void drop_opposites(struct actor who, __u32 sig)
{
	if (SIG_BIT(sig) & SIGNALS_STOP) {
		drop_pending(who, NR_SIGCONT);
	} else if (sig == NR_SIGCONT) {
		drop_pending(who, NR_SIGSTOP);
		drop_pending(who, NR_SIGTSTP);
		drop_pending(who, NR_SIGTTIN);
		drop_pending(who, NR_SIGTTOU);
	}
}

/* Was it pending before the start? Then there may be two, for the process and for a thread. */
static __attribute__((noinline)) int is_preexisting(const struct ipc_object_id *obj)
{
	struct ipc_object *o = obj ? bpf_map_lookup_elem(&objects, obj) : NULL;

	return o && (o->flags & OBJECT_PREEXISTING);
}

static __always_inline void queue(struct signal_internals *s, const struct ipc_object_id *obj, __u32 sig, struct actor by)
{
	if (sig < SIGNAL_REALTIME && s->taken != s->queued && !is_preexisting(obj))
		s->taken = s->queued; /* there is room for one: the last has gone */
	signal_stamp(obj, s->queued);
	s->queued++;
	s->sender = by.tgid;
	s->sender_start = by.start;
}

/* What the generation said: counters of the sender, and the words. */
struct generation {
	__u32 sig;
	__s32 code;
	sigval_t value;
	__u32 pid;
	__s32 result;
	bool to_thread;
};

static __always_inline bool number_at(__u64 pid, __u32 level, struct upid *number)
{
	return probe_read(number, pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid));
}

/* The same below the first namespace. */
static __attribute__((noinline)) int current_pid_below(struct task_struct *t)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	struct upid here = {}, there = {};
	struct pid *mine, *theirs = NULL;
	__u32 level = 0;

	if (!t || !probe_read(&theirs, &t->thread_pid) || !theirs || !probe_read(&level, &theirs->level))
		return 0;
	mine = BPF_CORE_READ(me, group_leader, thread_pid);
	if (level > BPF_CORE_READ(mine, level) || !number_at((__u64)mine, level, &here) ||
	    !number_at((__u64)theirs, level, &there) || here.ns != there.ns)
		return 0;
	return here.nr;
}

/*
 * The current process's PID in the namespace of t, 0: it has none there; as the kernel says it where nobody else did. In the
 * first all have one, which is what they are known by.
 */
static __always_inline __u32 current_pid_for(struct task_struct *t, struct actor me)
{
	return t->thread_pid->level ? current_pid_below(t) : me.tgid;
}

static __always_inline void read_info(struct generation *g, struct kernel_siginfo *info)
{
	if (is_plain()) { /* a kernel without at_address() takes the argument for a pointer */
		const struct kernel_siginfo *typed = is_at() ? at_address(struct kernel_siginfo, info) : info;

		g->code = typed->si_code;
		g->pid = typed->_sifields._rt._pid;
	} else { /* by address: to a verifier that knows of SEND_SIG_PRIV it is none (7.3) */
		probe_read(&g->code, &info->si_code);
		probe_read(&g->pid, &info->_sifields._rt._pid);
	}
	if (g->code == CODE_QUEUE)
		probe_read(&g->value, &info->_sifields._rt._sigval);
	if (g->code == CODE_TIMER) {
		probe_read(&g->value, &info->_sifields._timer._sigval);
		g->pid = 0;
	}
}

static __always_inline void count_generation(struct ipc_edge *edge, struct task_struct *t, const struct generation *g)
{
	if (g->result == GENERATED_PENDING)
		add(&edge->counters[SENT_COALESCED], 1);
	if (g->result == GENERATED_IGNORED)
		add(&edge->counters[SENT_IGNORED], 1);
	if (g->result == GENERATED_LOSE_INFO)
		add(&edge->counters[SENT_INFO_LOST], 1);
	if (g->to_thread)
		add(&edge->counters[SENT_TO_THREAD], 1);
	if (g->code == CODE_QUEUE)
		add(&edge->counters[SENT_VALUES], 1);
	if (g->result != GENERATED_IGNORED && (t->blocked.sig[0] >> ((g->sig - 1) & 63) & 1))
		add(&edge->counters[SENT_BLOCKED], 1);
}

static __always_inline void note_generation(struct signal_internals *s, const struct ipc_object_id *obj,
					    struct task_struct *t, struct actor by, const struct generation *g)
{
	if (g->result == GENERATED_QUEUED || g->result == GENERATED_LOSE_INFO)
		queue(s, obj, g->sig, by);
	s->code = g->code;
	s->seen_pid = g->pid;
	if (g->code == CODE_QUEUE || g->code == CODE_TIMER) {
		s->value = (__u64)g->value.sival_ptr;
		s->value_high = (__u64)g->value.sival_ptr >> 32;
	}
	if (PROFILE(~0u)) /* not --counts */
		signal_words_at_hand(t, g->sig, s);
	signal_words(s);
}

static __always_inline struct ipc_edge *end_send(struct actor by, const struct ipc_object_id *obj, struct ipc_run *run,
						 const struct op_result *res)
{
	struct ipc_edge_key key;
	struct ipc_edge *edge;

	if (!is_plain())
		return op_end_by(by, obj, OP_SEND, run, res);
	edge = edge_of(obj, OP_SEND, by, &key);
	if (!edge)
		return NULL;
	edge_account(edge, &key, res);
	if (run && run->flags != SENDER_BEGINS)
		edge_account_waits(edge, run);
	return edge;
}

#endif
