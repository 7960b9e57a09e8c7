/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Making, controlling and removing semaphore sets, and what the end of a process
 * does to those that it used with SEM_UNDO. Included by sem.bpf.c.
 */

static __always_inline struct ipc_object *object_of(const struct ipc_object_id *obj)
{
	return bpf_map_lookup_elem(&objects, obj);
}

/* Of msgget, semget and shmget; ksys_semget is what 32-bit calls come by. One that fails names no set. */
SEC("?fexit/ipcget")
int BPF_PROG(semget_exit, struct ipc_namespace *ns, struct ipc_ids *ids, const struct ipc_ops *ops,
	     struct ipc_params *params, int ret)
{
	struct op_result res = {};
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	if (ret < 0 || !sysv_is_table(ns, ids, SYSV_SEM))
		return 0;
	sem_identify(ret, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	edge = op_end(&obj, OP_OPEN, NULL, &res);
	sysv_name(&obj, params->key);
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
	sem_state(o->state, (__u64)ipcp, obj.id, 0);
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
		note_state(edge, &obj, run ? run->kobj : 0, 0);
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

#define WALK_UNDOS 64
#define WALK_SEMAPHORES 256

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

/*
 * Just before exit_sem, which is inlined into do_exit and has no hook of its own: what
 * it will adjust is counted now, whom that wakes as it happens (RUN_DYING). Global:
 * verified once.
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

	if (!list || list->refcnt.refs.counter != 1 || !probe_read(&entry, &list->list_proc.next))
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
