/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a signal is made of: its identity, its counters, its state words, who
 * sent it. Follows kernel/signal.c. A generation and a delivery to a handler or
 * by default happen under the target's siglock, so that their counts need no
 * care; sigwait and signalfd are seen after they have dropped it.
 */
#ifndef SIGNAL_BPF_H
#define SIGNAL_BPF_H

#define SIGNAL_MAX 64
#define SIGNAL_REALTIME 32 /* from here on every instance is queued */

/* signal(7), the same on x86-64 and arm64 */
enum {
	NR_SIGINT = 2, NR_SIGQUIT = 3, NR_SIGILL = 4, NR_SIGTRAP = 5, NR_SIGBUS = 7, NR_SIGFPE = 8, NR_SIGKILL = 9,
	NR_SIGSEGV = 11, NR_SIGPIPE = 13, NR_SIGALRM = 14, NR_SIGHUP = 1, NR_SIGCHLD = 17, NR_SIGCONT = 18,
	NR_SIGSTOP = 19, NR_SIGTSTP = 20, NR_SIGTTIN = 21, NR_SIGTTOU = 22, NR_SIGURG = 23, NR_SIGXCPU = 24,
	NR_SIGVTALRM = 26, NR_SIGPROF = 27, NR_SIGWINCH = 28, NR_SIGIO = 29, NR_SIGSYS = 31,
};
#define SIG_BIT(sig) (1ull << ((sig) - 1))
#define SIGNALS_IGNORED (SIG_BIT(NR_SIGCONT) | SIG_BIT(NR_SIGCHLD) | SIG_BIT(NR_SIGWINCH) | SIG_BIT(NR_SIGURG))
#define SIGNALS_STOP (SIG_BIT(NR_SIGSTOP) | SIG_BIT(NR_SIGTSTP) | SIG_BIT(NR_SIGTTIN) | SIG_BIT(NR_SIGTTOU))
#define SIGNALS_FAULT (SIG_BIT(NR_SIGILL) | SIG_BIT(NR_SIGTRAP) | SIG_BIT(NR_SIGBUS) | SIG_BIT(NR_SIGFPE) | \
		       SIG_BIT(NR_SIGSEGV) | SIG_BIT(NR_SIGSYS))
#define SIGNALS_ITIMER (SIG_BIT(NR_SIGALRM) | SIG_BIT(NR_SIGVTALRM) | SIG_BIT(NR_SIGPROF) | SIG_BIT(NR_SIGXCPU))
#define SIGNALS_TERMINAL (SIG_BIT(NR_SIGINT) | SIG_BIT(NR_SIGQUIT) | SIG_BIT(NR_SIGTSTP) | SIG_BIT(NR_SIGWINCH) | \
			  SIG_BIT(NR_SIGHUP) | SIG_BIT(NR_SIGCONT) | SIG_BIT(NR_SIGTTIN) | SIG_BIT(NR_SIGTTOU))
#define SIGNALS_FILE (SIG_BIT(NR_SIGIO) | SIG_BIT(NR_SIGURG))

#define CODE_TIMER (-2)  /* SI_TIMER */
#define CODE_SIGIO (-5)  /* SI_SIGIO */
#define CODE_QUEUE (-1)  /* SI_QUEUE */
#define PENDING_RLIMIT 11 /* RLIMIT_SIGPENDING */

#define SIGNAL_GROUP_EXIT 0x4
#define SIGNAL_UNKILLABLE 0x40
#define TASK_EXITING 0x4 /* PF_EXITING */

/* What became of a generation: the tracepoint's result. */
enum {
	GENERATED_QUEUED = 0,
	GENERATED_IGNORED = 1,
	GENERATED_PENDING = 2, /* already */
	GENERATED_OVERFLOW = 3,
	GENERATED_LOSE_INFO = 4,
};

/* ipc_edge.counters of a sender, and of the receiver (user/mech/signal.h) */
enum {
	SENT_COALESCED = 0,
	SENT_IGNORED = 1,
	SENT_BLOCKED = 2,
	SENT_INFO_LOST = 3,
	SENT_VALUES = 4,
	SENT_TO_THREAD = 5,
};
enum {
	TAKEN_HANDLED = 0,
	TAKEN_KILLED = 1,
	TAKEN_STOPPED = 2,
	TAKEN_DISCARDED = 3,
	TAKEN_SIGWAIT = 4,
	TAKEN_SIGNALFD = 5,
};

/*
 * The state words, in the order of the descriptor's table (user/mech/signal.c), and behind them what only they are told
 * by. They are one for all who send: in the row of the target, or, until it has one, with the object, as a pass found them.
 */
struct signal_internals {
	__u32 seq; /* orders them */
	__u32 pending;
	__u32 blocked;
	__u32 action;
	__u32 limit;
	__u32 seen_pid; /* of the last generation: its sender as the target sees it */
	__u32 value;
	__u32 cpu;
	__u32 queued; /* instances that became pending, ever */
	__u32 taken;  /* instances that are pending no more */
	__u32 code;   /* of the last generation */
	__u32 value_high;
	__u32 sender; /* of the instance last queued, as in keys */
	__u32 sender_start;
};
_Static_assert(sizeof(struct signal_internals) <= 4 * IPC_STATE_STAMP, "fits the state words");

/* What is known of a process that signals were sent to. */
struct signal_target {
	__u64 signals; /* which were: bits */
	__u32 died_of; /* 0: it lives, or ended by itself */
	__u32 pad;
};
IPC_MAP(signal_targets, BPF_MAP_TYPE_HASH, struct ipc_process_key, struct signal_target, 16384);

static struct signal_target zero_target;

static __always_inline void signal_identify(struct actor target, __u32 sig, struct ipc_object_id *obj)
{
	obj->id = (__u64)target.start << 32 | target.tgid;
	obj->domain = sig;
	obj->mech = MECH_SIGNAL;
	obj->pad = 0;
}

static __always_inline struct actor task_actor(struct task_struct *t)
{
	struct actor a = {.tgid = t->tgid, .start = t->group_leader->start_time >> IPC_START_SHIFT};

	return a;
}

static __always_inline struct signal_target *target_of(struct actor who)
{
	struct ipc_process_key key = {.tgid = who.tgid, .start = who.start};
	struct signal_target *target = bpf_map_lookup_elem(&signal_targets, &key);

	if (target)
		return target;
	map_create(&signal_targets, &key, &zero_target);
	return bpf_map_lookup_elem(&signal_targets, &key);
}

/* 0: by default, 1: ignored, 2: a handler; of a task's sighand_struct. Needs an address that is computed. */
static __always_inline __u32 signal_action(struct sighand_struct *sighand, __u32 sig)
{
	__u64 handler = 0, at = sig - 1;

	barrier_var(at); /* 5.10 wants to see the bound that the compiler knows */
	at = (at & 63) * bpf_core_type_size(struct k_sigaction);
	if (!sighand || !probe_read(&handler, (void *)sighand + bpf_core_field_offset(struct sighand_struct, action) + at))
		return IPC_STATE_ABSENT;
	return handler > 1 ? 2 : handler;
}

static __always_inline void signal_words_of(__u32 sig, __u64 blocked, __u64 limit, struct signal_internals *s)
{
	s->blocked = blocked >> ((sig - 1) & 63) & 1;
	s->limit = limit < IPC_STATE_ABSENT ? limit : IPC_STATE_ABSENT;
}

/* The words that need the target; t is typed or just an address. */
static __always_inline void signal_target_words(struct task_struct *t, __u32 sig, struct signal_internals *s)
{
	if (cfg.no_probe_read) {
		s->action = IPC_STATE_ABSENT;
		s->limit = IPC_STATE_ABSENT;
		s->blocked = IPC_STATE_ABSENT;
		return;
	}
	s->action = signal_action(BPF_CORE_READ(t, sighand), sig);
	signal_words_of(sig, BPF_CORE_READ(t, blocked.sig[0]), BPF_CORE_READ(t, signal, rlim[PENDING_RLIMIT].rlim_cur), s);
}

/* The same of a task at hand. In the default view without its action, which is the one that has to be read by address. */
static __always_inline void signal_words_at_hand(struct task_struct *t, __u32 sig, struct signal_internals *s)
{
	s->action = is_plain() ? IPC_STATE_ABSENT : signal_action(t->sighand, sig);
	signal_words_of(sig, t->blocked.sig[0], t->signal->rlim[PENDING_RLIMIT].rlim_cur, s);
}

/* Something was done to it, here. */
static __always_inline void signal_words(struct signal_internals *s)
{
	__sync_fetch_and_add(&s->seq, 1);
	s->pending = (__s32)(s->queued - s->taken) > 0 ? s->queued - s->taken : 0; /* two may take the last one at once */
	s->cpu = bpf_get_smp_processor_id();
}

#define TARGET_SEEN 1 /* ipc_row.kobj: all is noted of the target, and the state words are here */

/* The row of a target, when it is used first: there may be words of it already. */
static __attribute__((noinline)) int target_begins(struct ipc_row *row, const struct ipc_object_id *obj, const struct actor *who)
{
	struct signal_target *target;
	struct ipc_object *o;

	if (!row || !obj || !who)
		return 0;
	target = target_of(*who);
	if (!target)
		return 0;
	target->signals |= 1ull << ((obj->domain - 1) & 63);
	o = ((struct signal_internals *)row->edge.state)->seq ? NULL : bpf_map_lookup_elem(&objects, obj);
	if (o)
		__builtin_memcpy(row->edge.state, o->state, sizeof(row->edge.state));
	if (!PROFILE(~0u)) {
		struct signal_internals *s = (void *)row->edge.state;

		s->blocked = IPC_STATE_ABSENT;
		s->action = IPC_STATE_ABSENT;
		s->limit = IPC_STATE_ABSENT;
	}
	row->kobj = TARGET_SEEN;
	return 0;
}

/* The words of a signal of a process, by the object that they make, or NULL: it has no row. */
static __always_inline struct signal_internals *target_words(const struct ipc_object_id *obj)
{
	struct ipc_edge_key key = {.id = obj->id, .domain = obj->domain, .mech = obj->mech, .op = OP_RECV,
				   .tgid = obj->id, .start = obj->id >> 32};
	struct ipc_edge *edge = edge_find(&key);

	return edge && ((struct ipc_row *)edge)->kobj == TARGET_SEEN ? (void *)edge->state : NULL;
}

/*
 * From generation to delivery. One signal's instances are taken in the order in
 * which they were queued; instances for one thread and for the process are two
 * queues that are told as one.
 */
static struct ipc_residency zero_residency;

static __always_inline struct ipc_residency *signal_stamps(const struct ipc_object_id *obj)
{
	struct ipc_residency *r = bpf_map_lookup_elem(&residency, obj);

	if (r)
		return r;
	map_create(&residency, obj, &zero_residency);
	return bpf_map_lookup_elem(&residency, obj);
}

static __always_inline void signal_stamp(const struct ipc_object_id *obj, __u64 nth)
{
	struct ipc_residency *r = PROFILE(PROFILE_RESIDENCY) ? signal_stamps(obj) : NULL;

	if (r)
		r->stamp_ns[nth % IPC_SLOT_STAMPS] = bpf_ktime_get_ns();
}

static __always_inline void signal_age(const struct ipc_object_id *obj, __u64 nth, __u64 queued)
{
	struct ipc_residency *r = PROFILE(PROFILE_RESIDENCY) ? signal_stamps(obj) : NULL;
	__u64 then_ns, now_ns;

	if (!r)
		return;
	then_ns = r->stamp_ns[nth % IPC_SLOT_STAMPS];
	r->stamp_ns[nth % IPC_SLOT_STAMPS] = 0;
	now_ns = bpf_ktime_get_ns();
	if (then_ns && then_ns <= now_ns && queued - nth <= IPC_SLOT_STAMPS)
		hist_add(&r->hist, now_ns - then_ns);
	else
		add(&r->unfollowed, 1);
}

/*
 * What a siginfo stands for. A verifier that takes a tracepoint's arguments for
 * valid pointers drops a comparison with a constant 0 as never true (6.18): it is
 * compared with variables.
 */
enum signal_info {
	INFO_NONE = 0, /* SEND_SIG_NOINFO */
	INFO_PRIV = 1, /* SEND_SIG_PRIV */
	INFO_REAL = 2,
};
volatile __u64 no_info, priv_info = 1;

static __always_inline enum signal_info info_kind(struct kernel_siginfo *info)
{
	if ((__u64)info == no_info)
		return INFO_NONE;
	if ((__u64)info == priv_info)
		return INFO_PRIV;
	return INFO_REAL;
}

/* ---- who sent it ---- */

static __always_inline struct actor no_process(__u32 kind)
{
	struct actor a = {.tgid = 0, .start = kind};

	return a;
}

static __always_inline bool current_exiting(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (has_current_task_btf())
		return bpf_get_current_task_btf()->flags & TASK_EXITING;
	return BPF_CORE_READ(task, flags) & TASK_EXITING;
}

static __always_inline bool current_leads_session(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (has_current_task_btf())
		return bpf_get_current_task_btf()->signal->leader;
	return BPF_CORE_READ(task, signal, leader);
}

/*
 * Of those that the kernel sends without saying more (SEND_SIG_PRIV). SIGHUP and
 * SIGCONT come from a terminal too, unless a member of the job ends and leaves it
 * orphaned; SIGKILL from an init whose PID namespace ends with it.
 */
static __always_inline struct actor kernel_actor(__u32 sig)
{
	__u64 bit = SIG_BIT(sig);

	if (bit & SIGNALS_ITIMER)
		return no_process(ENDPOINT_TIMER);
	if (bit & SIGNALS_FILE)
		return no_process(ENDPOINT_FILE);
	if (bit & SIGNALS_TERMINAL)
		return current_exiting() && !current_leads_session() ? current_actor() :
									no_process(ENDPOINT_TERMINAL);
	if (sig == NR_SIGKILL && current_exiting())
		return current_actor();
	return no_process(ENDPOINT_KERNEL);
}

/* run: of the call that sends it, or NULL. */
static __always_inline struct actor signal_sender(void *ctx, const struct ipc_run *run, __u32 sig, enum signal_info info, __s32 code,
						  __u32 target_tgid)
{
	__u64 bit = SIG_BIT(sig);

	if (info == INFO_PRIV)
		return kernel_actor(sig);
	if (run)
		return slot_actor(run); /* whatever code it put there; 7.x passes none for kill() */
	if (info == INFO_NONE) /* SIGPIPE to the writer; or what another process's end or its write to cgroup.kill brings */
		return in_interrupt(ctx) || (__u32)(bpf_get_current_pid_tgid() >> 32) == target_tgid ?
			       no_process(ENDPOINT_KERNEL) :
			       current_actor();
	if (code == CODE_TIMER)
		return no_process(ENDPOINT_TIMER);
	if (code > 0 && (bit & SIGNALS_FAULT))
		return no_process(ENDPOINT_FAULT);
	/* F_SETSIG: another signal tells, with POLL_IN and the like for a code; a child that ends may have chosen one, too */
	if (code == CODE_SIGIO ||
	    (code > 0 && ((bit & SIGNALS_FILE) || (sig >= SIGNAL_REALTIME && !current_exiting()))))
		return no_process(ENDPOINT_FILE);
	if (on_interrupt_stack(ctx))
		return no_process(ENDPOINT_KERNEL);
	return current_actor(); /* a child that ended, a message to a queue with mq_notify() */
}

#endif
