/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Making, controlling and removing semaphore sets, and what the end of a process
 * does to those that it used with SEM_UNDO. Included by sem.bpf.c.
 */

static __always_inline struct ipc_object *object_of(const struct ipc_object_id *obj)
{
	return bpf_map_lookup_elem(&objects, obj);
}

/* semget: counted where an id comes out of it; one that fails names no set */
SEC("?fexit/ksys_semget")
int BPF_PROG(semget_exit, int key, int nsems, int semflg, long ret)
{
	struct op_result res = {};
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	if (ret < 0)
		return 0;
	sem_identify(ret, sysv_domain(), &obj);
	if (!op_wanted(&obj))
		return 0;
	edge = op_end(&obj, OP_OPEN, NULL, &res);
	sysv_name(&obj, key);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_OPEN, NULL, &res, edge, ~0ull);
	return 0;
}

SEC("?fexit/newary")
int BPF_PROG(sem_create, struct ipc_namespace *ns, struct ipc_params *params, int ret)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	if (ret < 0)
		return 0;
	sem_identify(ret, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	o = object_of(&obj);
	if (!o && !map_create(&objects, &obj, &zero_object))
		o = object_of(&obj);
	if (!o)
		return 0;
	if (!o->first_ns) {
		o->first_ns = bpf_ktime_get_ns();
		o->first_tgid = bpf_get_current_pid_tgid() >> 32;
	}
	o->creations++;
	return 0;
}

/* It is marked as removed and its sleepers are woken, by semctl(IPC_RMID) or the end of its namespace. */
SEC("?fentry/freeary")
int BPF_PROG(sem_remove, struct ipc_namespace *ns, struct kern_ipc_perm *ipcp)
{
	struct ipc_run *run = run_slot();
	struct ipc_object_id obj;
	struct ipc_object *o;

	sem_identify(ipcp->id, ns->ns.inum, &obj);
	if (is_sem(run) && run->obj.id == obj.id)
		run->flags |= RUN_REMOVES;
	o = object_of(&obj);
	if (!o)
		return 0;
	sem_state(o->state, (__u64)ipcp, obj.id);
	o->flags |= OBJECT_DESTROYED;
	o->destructions++;
	o->last_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int control_begins(struct ipc_namespace *ns, int semid)
{
	struct ipc_object_id obj;

	sem_identify(semid, ns->ns.inum, &obj);
	if (op_wanted(&obj))
		op_begin(&obj, OP_CTL, CAUSE_LOCK, 0);
	return 0;
}

/* Where the set is. */
SEC("?fentry/security_sem_semctl")
int BPF_PROG(semctl_allowed, struct kern_ipc_perm *perm, int cmd)
{
	struct ipc_run *run = run_slot();

	if (is_sem(run) && run->op == OP_CTL)
		run->kobj = (__u64)perm;
	return 0;
}

static __always_inline int control_ends(struct ipc_namespace *ns, int semid, int ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_run *run = has_entry() ? run_mine() : NULL;
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	sem_identify(semid, ns->ns.inum, &obj);
	if (run && (run->obj.mech != MECH_SEM || run->op != OP_CTL))
		run = NULL;
	if (!op_wanted(&obj))
		goto done;
	if (ret < 0 && !(run && run->kobj) && !set_exists(semid))
		goto done;
	edge = op_end(&obj, OP_CTL, run, &res);
	if (edge) {
		note_state(edge, &obj, run ? run->kobj : 0);
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&obj, OP_CTL, run, &res, edge, ~0ull);
	}
done:
	op_done(run);
	return 0;
}

#define CONTROL(name, ...)                                                                     \
	SEC("?fentry/" #name)                                                                  \
	int BPF_PROG(name##_entry, struct ipc_namespace *ns, int semid)                        \
	{                                                                                      \
		return control_begins(ns, semid);                                              \
	}                                                                                      \
	SEC("?fexit/" #name)                                                                   \
	int BPF_PROG(name##_exit, struct ipc_namespace *ns, int semid, __VA_ARGS__, int ret)   \
	{                                                                                      \
		return control_ends(ns, semid, ret);                                           \
	}

CONTROL(semctl_down, int cmd, void *p)
CONTROL(semctl_main, int semnum, int cmd, void *p)
CONTROL(semctl_setval, int semnum, int val)

/* SEM_STAT and SEM_STAT_ANY come here too, with an index: ipcs looks at the table. */
SEC("?fentry/semctl_stat")
int BPF_PROG(semctl_stat_entry, struct ipc_namespace *ns, int semid, int cmd)
{
	return cmd == 2 /* IPC_STAT */ ? control_begins(ns, semid) : 0;
}

SEC("?fexit/semctl_stat")
int BPF_PROG(semctl_stat_exit, struct ipc_namespace *ns, int semid, int cmd, void *p, int ret)
{
	return cmd == 2 ? control_ends(ns, semid, ret) : 0;
}

/* ---- SEM_UNDO: what a process still held is given back, one set after the other ---- */

SEC("?fentry/exit_sem")
int BPF_PROG(exit_sem_entry, struct task_struct *task)
{
	struct sem_undo_list *list = task->sysvsem.undo_list;
	struct ipc_object_id none = {.mech = MECH_NONE};
	struct ipc_run *run;
	__u64 first = 0;

	if (!list || list->refcnt.refs.counter != 1 || !probe_read(&first, &list->list_proc.next))
		return 0; /* others share the list: it stays */
	run = op_begin(&none, OP_CLOSE, CAUSE_LOCK, 0);
	if (run) {
		run->kobj2 = first;
		run->aux[1] = 1;
	}
	return 0;
}

static __always_inline bool in_exit_sem(const struct ipc_run *run)
{
	return run && run->task == current_task() && run->op == OP_CLOSE && run->aux[1];
}

/* The operation on the set before is over; aux[2] and aux[3] are what it gave and took. */
static __attribute__((noinline)) int undo_ends(struct ipc_run *run)
{
	struct op_result res = {};
	struct ipc_edge *edge;

	if (!run || run->obj.mech != MECH_SEM)
		return 0;
	edge = op_end(&run->obj, OP_CLOSE, run, &res);
	if (edge) {
		add(&edge->counters[SEM_RAISED], run->aux[2]);
		add(&edge->counters[SEM_LOWERED], run->aux[3]);
		note_state(edge, &run->obj, run->kobj);
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&run->obj, OP_CLOSE, run, &res, edge, ~0ull);
	}
	run->obj.mech = MECH_NONE;
	return 0;
}

#define WALK_UNDOS 64
#define WALK_SEMAPHORES 256

/* The entry for this set, from `entry` on; 0: not found. Global: verified once. */
__attribute__((noinline)) __u64 sem_undo_of(__u64 entry, __u32 id)
{
	for (int i = 0; i < WALK_UNDOS; i++) {
		__u64 un = entry - bpf_core_field_offset(struct sem_undo, list_proc);
		__u32 is_id = ~0u;

		if (!entry || !probe_read(&is_id, un + bpf_core_field_offset(struct sem_undo, semid)))
			return 0;
		if (is_id == id)
			return un;
		if (!probe_read(&entry, &((struct list_head *)entry)->next))
			return 0;
	}
	return 0;
}

/* Sum of what an entry adds (low half) and takes (high half) when it is applied. */
__attribute__((noinline)) __u64 sem_undo_units(__u64 un, __u32 nsems)
{
	__u64 adjustments = sem_undo_adjustments(un), units = 0;

	for (__u32 i = 0; i < WALK_SEMAPHORES; i++) {
		short adjust = 0;

		if (i >= nsems || !adjustments || !probe_read(&adjust, adjustments + i * sizeof(short)))
			break;
		units += adjust > 0 ? (__u64)adjust : (__u64)-adjust << 32;
	}
	return units;
}

/* Called once for every set, with no operations of a call: its values are adjusted, its sleepers not yet woken. */
SEC("?fentry/do_smart_wakeup_zero")
int BPF_PROG(exit_sem_adjusted, struct sem_array *sma, struct sembuf *sops)
{
	struct ipc_run *run = run_slot();
	struct ipc_object_id obj;
	__u64 un, units;

	if (!in_exit_sem(run) || sops)
		return 0;
	undo_ends(run);
	sem_identify(sma->sem_perm.id, sysv_domain(), &obj);
	un = sem_undo_of(run->kobj2, obj.id);
	if (!un)
		return 0;
	probe_read(&run->kobj2, un + bpf_core_field_offset(struct sem_undo, list_proc.next));
	units = sem_undo_units(un, sma->sem_nsems);
	if (!units || !op_wanted(&obj))
		return 0;
	run->obj = obj;
	run->kobj = (__u64)sma;
	run->wakes = 0;
	run->other_wakes = 0;
	run->aux[2] = units;
	run->aux[3] = units >> 32;
	run->begin_ns = PROFILE(PROFILE_LATENCY | PROFILE_EVENTS) ? bpf_ktime_get_ns() : 0;
	return 0;
}

SEC("?fexit/exit_sem")
int BPF_PROG(exit_sem_exit, struct task_struct *task)
{
	struct ipc_run *run = run_mine();

	if (!in_exit_sem(run))
		return 0;
	undo_ends(run);
	op_done(run);
	return 0;
}

/*
 * The same without function hooks, just before exit_sem: what will be adjusted is
 * counted now, whom that wakes as it happens (RUN_DYING). Global: verified once.
 */
__attribute__((noinline)) int sem_undo_coming(__u64 un, __u32 domain)
{
	struct op_result res = {};
	struct ipc_object_id obj;
	struct ipc_edge *edge;
	__u32 nsems = 0;
	__s32 id = -1;
	__u64 sma, units;

	probe_read(&id, un + bpf_core_field_offset(struct sem_undo, semid));
	sma = sysv_find(sysv_namespace(), SYSV_SEM, id);
	if (!sma || !probe_read(&nsems, &((struct sem_array *)sma)->sem_nsems))
		return 0;
	units = sem_undo_units(un, nsems);
	sem_identify(id, domain, &obj);
	if (!units || !op_wanted(&obj))
		return 0;
	edge = op_end(&obj, OP_CLOSE, NULL, &res);
	if (!edge)
		return 0;
	add(&edge->counters[SEM_RAISED], (__u32)units);
	add(&edge->counters[SEM_LOWERED], units >> 32);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_CLOSE, NULL, &res, edge, ~0ull);
	return 1;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(sem_process_exit, struct task_struct *task)
{
	struct sem_undo_list *list = task->sysvsem.undo_list;
	struct ipc_object_id any = {.mech = MECH_SEM};
	__u64 head, entry = 0;
	struct ipc_run *run;
	bool adjusts = false;

	if (!cfg.syscall_backend || !list || list->refcnt.refs.counter != 1 || !probe_read(&entry, &list->list_proc.next))
		return 0;
	head = (__u64)list + bpf_core_field_offset(struct sem_undo_list, list_proc);
	for (int i = 0; i < WALK_UNDOS; i++) {
		if (!entry || entry == head)
			break;
		adjusts |= sem_undo_coming(entry - bpf_core_field_offset(struct sem_undo, list_proc), sysv_domain());
		if (!probe_read(&entry, &((struct list_head *)entry)->next))
			break;
	}
	if (!adjusts)
		return 0;
	op_forget();
	run = op_begin(&any, OP_CLOSE, CAUSE_LOCK, 0);
	if (run)
		run->flags |= RUN_DYING;
	return 0;
}
