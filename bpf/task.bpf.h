/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who: which tasks and objects are counted, and what is remembered of a process.
 * A task is put into a class once and looked up in a byte table after that; an
 * object becomes wanted as soon as a task of class IN uses or holds it, which
 * is how a filter finds both ends.
 */
#ifndef TASK_BPF_H
#define TASK_BPF_H

static __always_inline void lose(__u32 what)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &what);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/*
 * A new entry, unless it is there already. Anything else than that is no room,
 * or a lock that the kernel would not wait for: a loss. Returns 0 when the entry is there.
 */
static __always_inline int map_create(void *map, const void *key, const void *value)
{
	/* int: before 6.4 the helper's own result is one, and nobody extends its sign */
	int err = bpf_map_update_elem(map, key, value, BPF_NOEXIST);

	if (!err || err == -17 /* EEXIST: another CPU was first */)
		return 0;
	lose(LOSS_MAP_FULL);
	return err;
}

static __always_inline __u32 hash_of_word(__u64 word)
{
	return word * 0x9E3779B97F4A7C15ull >> (64 - IPC_CLASS_BITS);
}

static __always_inline __u32 object_hash(const struct ipc_object_id *obj)
{
	if (MECHS_TOLD_BY_ID >> (obj->mech & 31) & 1)
		return hash_of_word(obj->id);
	return hash_of_word(obj->id ^ ((__u64)obj->domain << 20) ^ obj->mech);
}

static __always_inline bool comm_is(const char *comm, const volatile char *want)
{
	for (int i = 0; i < IPC_COMM_LEN; i++) {
		if (comm[i] != want[i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

static __always_inline bool listed(const volatile __u32 *list, __u32 cnt, __u32 id)
{
	for (__u32 i = 0; i < IPC_FILTER_PIDS; i++) {
		if (i >= cnt)
			break;
		if (list[i] == id)
			return true;
	}
	return false;
}

static __always_inline bool filter_matches(const volatile struct ipc_filter *f, __u32 tgid, __u32 tid)
{
	if (!f->used)
		return false;
	if (f->pids_cnt && !listed(f->pids, f->pids_cnt, tgid))
		return false;
	if (f->tids_cnt && !listed(f->tids, f->tids_cnt, tid))
		return false;
	if (f->uid_set && f->uid != (__u32)bpf_get_current_uid_gid())
		return false;
	if (f->cgroup && bpf_get_current_ancestor_cgroup_id(f->cgroup_level) != f->cgroup)
		return false;
	if (f->comm[0]) {
		char comm[IPC_COMM_LEN] = {};

		bpf_get_current_comm(comm, sizeof(comm));
		if (!comm_is(comm, f->comm))
			return false;
	}
	return true;
}

/* Not inlined: runs once per task, and again after exec. */
static __attribute__((noinline)) int task_classify(__u32 tgid, __u32 tid)
{
	__u8 class = CLASS_OUT;

	for (int i = 0; i < IPC_FILTERS; i++)
		if (filter_matches(&cfg.filters[i], tgid, tid))
			class = CLASS_IN;
	bpf_map_update_elem(&classes, &tid, &class, BPF_ANY);
	return class;
}

static __always_inline bool is_own_object(const struct ipc_object_id *obj)
{
	for (__u32 i = 0; i < IPC_MAX_OWN_OBJECTS; i++) {
		if (i >= cfg.own_objects_cnt)
			break;
		if (cfg.own_objects[i].id == obj->id && cfg.own_objects[i].domain == obj->domain)
			return true;
	}
	return false;
}

/* Not the one that was asked for. */
static __always_inline bool is_other_object(const struct ipc_object_id *obj)
{
	return cfg.one_object && (((obj->id ^ cfg.object.id) & (cfg.object_mask ?: ~0ull)) ||
				  obj->domain != cfg.object.domain || obj->mech != cfg.object.mech);
}

static __always_inline bool class_counts(__u8 class)
{
	return class == CLASS_IN || class == CLASS_FOLLOWED;
}

/* Is it one that any filter lets through? */
static __always_inline bool op_countable(const struct ipc_object_id *obj, __u32 tgid)
{
	if (!(cfg.mechs & (1u << (obj->mech & 31))))
		return false;
	if (tgid == cfg.self_tgid)
		return false;
	if (is_other_object(obj))
		return false;
	return !cfg.own_objects_cnt || !is_own_object(obj);
}

static __u64 wants; /* objects that this object file's programs have made wanted; 0: none of theirs is */

/* One that is so already shares its place with one of others, if these programs have none. */
static __always_inline void make_wanted(__u32 *want)
{
	if (*want && wants)
		return;
	*want = 1;
	__sync_fetch_and_add(&wants, 1);
}

/* With a filter: is it left out at first sight? Neither is the object wanted nor may the task make it so. */
static __always_inline bool slot_left_out(__u32 slot, __u32 tid, __u32 **want, __u8 **class)
{
	*want = bpf_map_lookup_elem(&wanted, &slot);
	*class = bpf_map_lookup_elem(&classes, &tid);
	return !*want || !*class || (!**want && **class == CLASS_OUT);
}

/*
 * Is this operation counted? Everything that costs more stands behind this. With a
 * filter most are not: what tells that is asked first.
 */
static __always_inline bool op_wanted(const struct ipc_object_id *obj)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u32 tid = pid_tgid, tgid = pid_tgid >> 32, *want;
	__u8 *class;

	if (!cfg.filtered)
		return op_countable(obj, tgid);
	if (slot_left_out(object_hash(obj), tid, &want, &class) || !op_countable(obj, tgid))
		return false;
	if (!*want && !class_counts(*class) && task_classify(tgid, tid) != CLASS_IN)
		return false;
	make_wanted(want);
	return true;
}

static struct ipc_process zero_process;

/* The process as its own PID namespace knows it: the innermost number of its struct pid. */
static __always_inline void process_namespace(struct ipc_process *p, struct task_struct *leader)
{
	struct pid *pid = NULL;
	struct upid inner = {};
	__u32 level = 0;

	if (!probe_read(&pid, &leader->thread_pid) || !probe_read(&level, &pid->level))
		return;
	if (!probe_read(&inner, (void *)pid + bpf_core_field_offset(struct pid, numbers) +
					level * bpf_core_type_size(struct upid)))
		return;
	p->ns_tgid = inner.nr;
	p->pid_ns = BPF_CORE_READ(inner.ns, ns.inum);
}

/* Remembers the current process, once; comm follows exec (core.bpf.c). */
__attribute__((noinline)) int ipc_process_see(__u32 tgid, __u32 start)
{
	struct ipc_process_key key = {.tgid = tgid, .start = start};
	struct ipc_process *p = bpf_map_lookup_elem(&processes, &key);

	if (p)
		return 0;
	if (map_create(&processes, &key, &zero_process))
		return 0;
	p = bpf_map_lookup_elem(&processes, &key);
	if (!p)
		return 0;
	p->cgroup_id = bpf_get_current_cgroup_id();
	p->uid = bpf_get_current_uid_gid();
	if (has_current_task_btf()) {
		struct task_struct *leader = bpf_get_current_task_btf()->group_leader;

		p->ppid = leader->real_parent->tgid;
		p->start_ns = leader->start_time;
		__builtin_memcpy(p->comm, leader->comm, IPC_COMM_LEN);
		process_namespace(p, leader);
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		p->ppid = BPF_CORE_READ(task, group_leader, real_parent, tgid);
		p->start_ns = BPF_CORE_READ(task, group_leader, start_time);
		BPF_CORE_READ_INTO(&p->comm, task, group_leader, comm);
		process_namespace(p, BPF_CORE_READ(task, group_leader));
	}
	return 0;
}

#endif
