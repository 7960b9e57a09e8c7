/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space tells the programs before they are loaded: what is wanted, of whom, and what this kernel is like. Part of ipctrace.h. */
#ifndef IPC_CONFIG_H
#define IPC_CONFIG_H

#define IPC_MAX_OWN_OBJECTS 4
#define IPC_CPUS_MAX 8192     /* NR_CPUS_RANGE_END of x86-64 */
#define IPC_HINT_BITS_MAX 20  /* 4 MB: the longest value of a map that every kernel allocates */
#define IPC_KNOWN_BITS_MAX 17 /* the same, of the longest entries of `known_…` */
#define IPC_KEPT_POINTERS_BITS 10 /* of the places for pointers that keep their type, kept_pointers.bpf.h */
#define IPC_FILTER_PIDS 64

/*
 * Criteria of a task's class: all that are asked for must hold; within a list,
 * one. 0 or empty: not asked for.
 */
struct ipc_filter {
	__u32 used;
	__u32 pids_cnt;
	__u32 tids_cnt;
	__u32 uid_set;
	__u32 uid;
	__u32 cgroup_level; /* of `cgroup` in the hierarchy: its descendants match */
	__u64 cgroup;
	__u32 pids[IPC_FILTER_PIDS];
	__u32 tids[IPC_FILTER_PIDS];
	char comm[IPC_COMM_LEN];
};

#define IPC_FILTERS 3 /* either end, source, destination */

/* What a hook on a hot path may take for granted, in one word: each that it looks at costs two instructions. */
enum ipc_way {
	WAY_ANY = 0,	   /* nothing, and with system call hooks */
	WAY_PLAIN = 1,	   /* PROFILE_WAITS is all of `asked` and `profile`, and how an operation ended is no filter */
	WAY_AT = 2,	   /* WAY_PLAIN, and the kernel has at_address() */
	WAY_FILTERED = 4,  /* and one of those above: what the filters leave out comes before it */
};

/* One `const volatile struct ipc_config cfg` per object file, set before load. */
struct ipc_config {
	__u32 mechs;	 /* bit per mechanism id that is wanted */
	__u32 profile;	 /* enum ipc_profile */
	__u32 self_tgid; /* not counted; 0: count ourselves too */
	__u32 filtered;	 /* only classified tasks and wanted objects */
	__u32 failed_only;
	__u32 pid_max;	 /* entries of `classes` when filtered */
	__u32 follow;	 /* children of an IN task are IN */
	__u32 pipefs_device; /* kernel encoding: all pipes are of one file system */
	__u64 min_ns;	 /* events only: shortest operation */
	__u32 no_probe_read; /* lockdown=confidentiality: bpf_probe_read_kernel is refused */
	__u32 one_object;    /* only `object` */
	struct ipc_object_id object;
	__u32 own_objects_cnt; /* pipes that our own output goes to */
	__u32 page_shift;
	struct ipc_object_id own_objects[IPC_MAX_OWN_OBJECTS];
	struct ipc_filter filters[IPC_FILTERS]; /* a task that matches any is IN */
	__u32 syscall_backend; /* the exit of a call that began before us is seen */
	__u32 way; /* enum ipc_way */
	__u64 wake_function; /* address of autoremove_wake_function; 0: not known */
	__u64 object_mask;   /* bits of `object`'s id that must be equal; 0: all */
	__u64 plain_wake_function; /* default_wake_function: of tasks that take themselves off a queue */
	__u64 datagram_wake_function; /* of receiver_wake_function: waits for a datagram or a connection */
	__u64 woken_wake_function; /* of wait_woken(): waits of a stream */
	__u32 asked; /* the profile that was asked for: `profile` may have more, to follow calls by */
	__u32 kept_mask; /* entries of `kept` - 1 */
	__u32 wake_mask; /* entries of `wake_rows` - 1 */
	__u32 hint_shift; /* 64 - the binary logarithm of entries of `hints` */
	__u32 cpu_mask;	  /* entries of `running` - 1 */
	__u32 known_shift; /* 64 - the binary logarithm of entries of `known_…` */
	__u32 known_mask;  /* the same entries - 1 */
};

/* A task's class in `classes[tid]`, when there is a filter. */
enum ipc_class {
	CLASS_UNKNOWN = 0,
	CLASS_OUT = 1,
	CLASS_IN = 2,
	CLASS_FOLLOWED = 3, /* IN by descent: stays so across exec */
	CLASS_HOLDS = 4,    /* a thread of it is IN: its descriptors count, its operations do not */
};

#endif
