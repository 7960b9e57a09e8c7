/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract of both sides: what the BPF programs count and what user space
 * reads. Every number that reaches a file or a map is explicit and append-only.
 * Times are CLOCK_MONOTONIC nanoseconds; sizes are bytes unless named slots.
 */
#ifndef IPCTRACE_H
#define IPCTRACE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/*
 * The mechanism list: the one line that a new mechanism adds.
 * X(id, NAME, name): id is stable (recordings and filters carry it).
 */
#define IPC_MECHANISMS(X) \
	X(1, PIPE, pipe) \
	X(2, FIFO, fifo) \
	X(3, MQ, mq) \
	X(4, MSG, msg) \
	X(5, SEM, sem) \
	X(6, SHM, shm) \
	X(7, MMAP, mmap) \
	X(8, FUTEX, futex) \
	X(9, UNIX, unix) \
	X(10, INET, inet) \
	X(11, SIGNAL, signal) \
	X(12, LOCK, lock) \
	X(13, EVENTFD, eventfd)

enum ipc_mech {
	MECH_NONE = 0,
#define X(id, NAME, name) MECH_##NAME = id,
	IPC_MECHANISMS(X)
#undef X
	MECH_MAX = 32,
};

/* Few of their objects share an id: that alone says whether one may be wanted. */
#define MECHS_TOLD_BY_ID (1u << MECH_PIPE | 1u << MECH_FIFO | 1u << MECH_MQ)

#ifdef __VMLINUX_H__ /* the kernel has enumerators of these names */
#define OP_OPEN IPC_OP_OPEN
#define OP_CLOSE IPC_OP_CLOSE
#define OP_MAX IPC_OP_MAX
#endif

enum ipc_op {
	OP_SEND = 0,
	OP_RECV = 1,
	OP_OPEN = 2,
	OP_CLOSE = 3,
	OP_CTL = 4,
	OP_MAX = 5,
};
#define OP_EITHER OP_MAX /* of what was missed: a send or a receive */

/* Why a task slept inside an operation. IO is a page fault or writeback met on the way. */
enum ipc_cause {
	CAUSE_NONE = 0,
	CAUSE_EMPTY = 1,
	CAUSE_FULL = 2,
	CAUSE_PARTNER = 3,
	CAUSE_VALUE = 4,
	CAUSE_ZERO = 5,
	CAUSE_LOCK = 6,
	CAUSE_BACKLOG = 7,
	CAUSE_IO = 8,
	CAUSE_HELD = 9, /* a file lock that another holds; LOCK is the kernel's own, of its memory */
	CAUSE_MAX = 12,
};

/* Who made a sleeper runnable: a task inside an operation, or what is no peer at all. */
enum ipc_waker {
	WAKER_TASK = 0,
	WAKER_INTERRUPT = 1,
	WAKER_TIMER = 2,
	WAKER_SIGNAL = 3,
	WAKER_REMOVAL = 4,
	WAKER_KERNEL = 5, /* an endpoint that is no process, other than a timer */
};

/*
 * Who acts on an object. All but a process stand in the keys with tgid 0 and the
 * kind as start: no process has that, the idle task acts on nothing.
 */
enum ipc_endpoint_kind {
	ENDPOINT_PROCESS = 0,
	ENDPOINT_KERNEL = 1,   /* for no reason of those below */
	ENDPOINT_FAULT = 2,    /* what the process itself did wrong */
	ENDPOINT_TERMINAL = 3, /* a key, a hangup, another window size */
	ENDPOINT_TIMER = 4,    /* a timer, an alarm, a limit of CPU time */
	ENDPOINT_OOM = 5,      /* memory is short */
	ENDPOINT_FILE = 6,     /* a descriptor is ready */
	ENDPOINT_EXITED = 7,   /* processes that are no more, together: the model's, in no map */
};

/* What is collected. A view asks for what it shows; the verifier prunes the rest. */
enum ipc_profile {
	PROFILE_WAITS = 1 << 0,	    /* waits, causes, wakeups: entry hooks and the scheduler's */
	PROFILE_LATENCY = 1 << 1,   /* a clock read on entry and exit; latency and size histograms */
	PROFILE_RESIDENCY = 1 << 2, /* a time stamp per slot or message */
	PROFILE_DETAIL = 1 << 3,    /* bytes inside, pages reused: an object look-up per operation */
	PROFILE_EVENTS = 1 << 4,    /* a ring buffer record per operation */
	PROFILE_STEPS = 1 << 5,	    /* one per wakeup, fork and exit of a task that is followed */
	PROFILE_STACKS = 1 << 6,    /* stacks of who sleeps and who wakes, a sum for each pair of them */
};

#define IPC_COMM_LEN 16
#define IPC_NAME_LEN 256
#define IPC_STATE_WORDS 16   /* u32s of a mechanism's `struct NAME_internals` */
#define IPC_STATE_STAMP 15    /* the last one: when the others were read, in an unspecified unit; wraps; 0: never */
#define IPC_STATE_FINE 14     /* the same within that unit, of mechanisms that have no other order */
#define IPC_STATE_ABSENT 0xffffffffu /* a word that this kernel does not have */
#define IPC_MECH_COUNTERS 6  /* u64s that only the mechanism's own files understand */
#define IPC_SLOT_STAMPS 256  /* ring slots whose residency can be followed */
#define IPC_HIST_SLOTS 48    /* power-of-two buckets: [2^(i-1), 2^i), the last open */
#define IPC_CLASS_BITS 16    /* a hashed table of wanted objects */

/*
 * An object: unique among the live ones of one mechanism.
 * eventfd: id is the kernel's own number, which the next one gets when it is free
 * again, domain the process that made it, 0: before the start.
 * pipe, fifo, mq, mmap, lock: id is the inode number, domain the device (kernel encoding).
 * msg, sem, shm: id is the host's System V id, domain the IPC namespace's inode number.
 * futex: id is the address, domain the PID; of shared memory see bpf/futex.bpf.h.
 * inet: id is a hash of addresses and ports, see bpf/inet_key.h, domain the network namespace's inode number.
 * signal: id is the target's start << 32 | PID, domain the signal's number; 0: any of them.
 */
struct ipc_object_id {
	__u64 id;
	__u32 domain;
	__u16 mech;
	__u16 pad; /* always 0, it is hashed */
};
_Static_assert(sizeof(struct ipc_object_id) == 16, "hashed as a whole");

#include "stacks.h"

/* One process, one object, one kind of operation. start tells PIDs apart that were used twice. */
struct ipc_edge_key {
	__u64 id;
	__u32 domain;
	__u16 mech;
	__u16 op;
	__u32 tgid;
	__u32 start; /* start time of the thread group leader, in units of 2^24 ns */
};
_Static_assert(sizeof(struct ipc_edge_key) == 24, "hashed as a whole");

#define IPC_START_SHIFT 24

struct ipc_edge {
	__u64 ops;	/* attempts that ended, failed ones too */
	__u64 failed;	/* ended in -errno */
	__u64 bytes;	/* payload: copied + moved */
	__u64 copies;	/* operations that copied payload */
	__u64 moved_bytes;
	__u64 waits;
	__u64 wait_ns;
	__u64 sched_delay_ns;
	__u64 causes[CAUSE_MAX];
	__u64 wakes;	      /* sleepers on this object made runnable by these operations */
	__u64 spurious_wakes; /* of its own waits: woken, and slept on without progress */
	__u64 other_wakes;    /* wakeups of tasks that slept elsewhere: poll, epoll, fasync */
	__u64 latency_ns;     /* sum; PROFILE_LATENCY */
	__u64 counters[IPC_MECH_COUNTERS];
	__u32 state[IPC_STATE_WORDS]; /* struct NAME_internals at the end of the last operation */
	__u32 depth;		      /* slots in use at the end of the last operation */
	__u32 max_depth;
	__u64 unused; /* always 0 */
};

/* Where an edge is counted: a row of `rows`, whose number `edges` has by key. mech 0: of no edge, or about to be. */
struct ipc_row {
	struct ipc_edge edge;
	union {
		struct ipc_edge_key key;
		__u64 words[3]; /* the same, for comparing */
	};
	__u64 kobj; /* a pipe's: the object's address, 0: not known; a socket's: see note_near(); of who is signalled: TARGET_SEEN. A number of rows is whole pages, see user/source/window.h */
};

/* Free rows are handed out one by one; at the start as blocks of this many, by the number of the first. */
#define ROWS_IN_BLOCK 32
#define ROW_BLOCK (1u << 31)

/* Counters with one meaning for all ring-like mechanisms; those above 4 are the mechanism's own. */
enum ipc_counter {
	COUNTER_PAGE_CHUNKS = 0,   /* sum of ceil(bytes / page) over the copying sends */
	COUNTER_SPLICED_SLOTS = 1, /* slots added without a copy */
	COUNTER_KEPT = 2,	   /* pages kept at release for reuse */
	COUNTER_RESIZES = 3,
	COUNTER_PACKETS = 4,
};

/*
 * Of an object that is a ring: its head starts again at 0 with a FIFO's next
 * ring, and at the number of slots in use with a resize.
 */
enum ipc_ring_counter {
	RING_EARLIER_HEADS = 0,	   /* what to add to head so that it never goes back */
	RING_RESIZES_FOLLOWED = 1, /* resizes that this takes into account */
	RING_MOVES = 2,		   /* operations that ended and had moved something; syscall backend */
	RING_RESIZES_ENDED = 3,	   /* system calls that resized it and ended; syscall backend */
};

enum ipc_object_flags {
	OBJECT_PREEXISTING = 1 << 0, /* found by the iterator, not by an operation */
	OBJECT_DESTROYED = 1 << 1,
	OBJECT_SAMPLED = 1 << 2,     /* state and inside_bytes were read from the object itself */
	OBJECT_INSIDE_UNKNOWN = 1 << 3, /* the ring was too long to sum, or could not be read */
	OBJECT_DISCARDED_UNKNOWN = 1 << 5, /* discarded_bytes is short: messages may have been cut */
	OBJECT_ENDED_UNSEEN = 1 << 4,	/* a call that began before us ended: what it moved was not counted */
};

struct ipc_object {
	__u64 first_ns;
	__u64 last_ns;		/* of the sample or of the end; 0: neither */
	__u32 flags;
	__u32 creations;	/* a FIFO's ring is made at every first open */
	__u32 destructions;
	__u32 first_tgid;
	__u64 base_bytes;	/* inside when first sampled, for OBJECT_PREEXISTING */
	__u64 inside_bytes;	/* inside at the last sample */
	__u64 discarded_bytes;	/* still inside when it was destroyed, all destructions */
	__u64 depth_bytes;	/* running sum in - out; PROFILE_DETAIL; signed in two's complement */
	__u64 max_bytes;	/* PROFILE_DETAIL */
	__u64 counters[IPC_MECH_COUNTERS];
	__u32 base_state[IPC_STATE_WORDS]; /* at the first sight of it */
	__u32 state[IPC_STATE_WORDS];	   /* at the last sample, or at the end */
	__u32 ended_tgid;	/* who ended it, as in the keys of edges; both 0: not known */
	__u32 ended_start;
};

/* Taken when a process is first seen on an object; comm follows exec. */
struct ipc_process_key {
	__u32 tgid;
	__u32 start;
};

struct ipc_process {
	__u64 cgroup_id;
	__u64 start_ns;
	__u32 ppid;
	__u32 uid;
	__u32 exited;  /* when, in units of 2^IPC_START_SHIFT ns of CLOCK_MONOTONIC, rounded up; 0: it has not */
	__u32 ns_tgid; /* in its own PID namespace; 0: not known */
	__u32 pid_ns;  /* inode number of that namespace; 0: not known */
	__u32 pad; /* always 0 */
	char comm[IPC_COMM_LEN];
};

/* What an object is called whose parts can no longer tell: by the address of a part. */
struct ipc_alias {
	__u64 id;
	__u64 ino;   /* of the part, 0: none yet; tells another part at the same address apart */
	__u64 other; /* the part's counterpart */
};

/* Which object something in the kernel belongs to: of `known_objects`, see known.bpf.h. */
struct ipc_known {
	__u64 what;
	__u64 check;
};

/* What a connected socket is an end of: of `known_ends`, see inet_known.bpf.h. */
struct ipc_known_end {
	__u64 check;
	__u64 id;
	__u64 other;
	__u64 more;
};

struct ipc_name {
	char path[IPC_NAME_LEN]; /* NUL-terminated, raw bytes */
};

/* Of an object whose two ends are alike; END_PAST of any: held in an earlier pass, and no more. */
enum ipc_end {
	END_FIRST = 1 << 0,
	END_SECOND = 1 << 1,
	END_BOTH = END_FIRST | END_SECOND,
	END_PAST = 1 << 7,
};

/* Who holds an end of an object without having used it (yet): the iterator's finding. */
struct ipc_holder_key {
	__u64 id;
	__u32 domain;
	__u16 mech;
	__u8 op;  /* OP_SEND: holds the write end; OP_RECV: the read end */
	__u8 end; /* enum ipc_end */
	__u32 tgid;
	__u32 start;
};

struct ipc_error_key {
	struct ipc_edge_key edge;
	__u32 error; /* errno, positive */
	__u32 pad;
};

#include "wakes.h"

enum ipc_hist_kind {
	HIST_SIZE = 0,
	HIST_LATENCY = 1,
	HIST_WAIT = 2,
	HIST_KINDS = 3,
};

/* PROFILE_LATENCY: per edge. Count and sum are exact, buckets are powers of two. */
struct ipc_hist {
	__u64 sum;
	__u64 slots[IPC_HIST_SLOTS];
};

struct ipc_edge_hists {
	struct ipc_hist hist[HIST_KINDS];
};

/* PROFILE_RESIDENCY: per object; from the send that filled a slot to the receive that emptied it. */
struct ipc_residency {
	struct ipc_hist hist;
	__u32 seen_head;
	__u32 seen_tail;
	__u64 unfollowed; /* slots that were not stamped: ring too long, or existed before */
	__u64 stamp_ns[IPC_SLOT_STAMPS];
};

#define IPC_PART_WORDS 6
#define IPC_PART_PASS 5 /* of parts that a pass finds: in which pass (CONTROL_PASS + 1); 0: by operations */

/* PROFILE_DETAIL: what an object consists of or what went through it, by number. */
struct ipc_part_key {
	struct ipc_object_id obj;
	__u64 part; /* the descriptor's table says of which kind it is: struct mech_parts */
};

struct ipc_part {
	__u64 sends;
	__u64 recvs;
	__u32 words[IPC_PART_WORDS]; /* as it was read last; IPC_STATE_ABSENT: not known */
};

enum ipc_run_flags {
	RUN_SLEEPS = 1 << 0,	  /* off the CPU, waiting */
	RUN_PREEXISTING = 1 << 1, /* found asleep by the iterator: its entry was never seen */
	RUN_WOKEN = 1 << 2,
	RUN_REMOVES = 1 << 3,	  /* it ends the object: who sleeps on it is woken by that */
	RUN_SYSCALL = 1 << 4,	  /* made by the syscall backend */
	RUN_SECOND = 1 << 5,	  /* the wait is on the second object (a splice's target) */
	RUN_UNRESOLVED = 1 << 6,  /* whose object is known only at the end: an open, a wait for several signals */
	RUN_OUTER = 1 << 7,	  /* operations of other objects may run inside it: splice */
	RUN_BLOCKED_TWICE = 1 << 8, /* `progress` holds a reading */
	RUN_WOKEN_EARLY = 1 << 9,   /* between leaving the run queue and the switch */
	RUN_WHOLE = 1 << 10,	    /* moves all or nothing: who sleeps again was woken in vain */
	RUN_OWN = 1 << 11,	  /* begun by a mechanism's own system call hooks */
	RUN_TAKES_MOVED = 1 << 12,  /* whom it wakes on another object of its mechanism was moved here: requeue */
	RUN_DYING = 1 << 13,	  /* what the end of a process does to objects of its mechanism; it has no end of its own */
	RUN_DELIVERS = 1 << 14,	  /* what it sends arrives in a softirq on top of it: who is woken there is woken by it */
	RUN_PEER_WOKE = 1 << 15,  /* `waker` is who ended a wait for a peer, whatever it waited for after that */
	RUN_ENDED = 1 << 16,	  /* its figures were added: only what it still wakes, on the way out of the kernel, is its own */
	RUN_USED = 1 << 17,	  /* its slot has figures and marks to be cleared before the next operation: no flag, and there are none */
};

/*
 * An operation that has begun and not ended. It lives in the slot of the CPU
 * that runs it; when its task leaves the CPU it is kept by TID: struct ipc_kept.
 */
struct ipc_run {
	__u64 task;		   /* task_struct address; 0: nothing runs here */
	__u64 switches;		   /* of this CPU: tells a writer of the slot that it was interrupted */
	__u64 who_task;		   /* of this CPU: whose struct actor `who` is, by its address; 0: nobody's, the task may have changed */
	__u64 who;
	struct ipc_object_id obj;
	struct ipc_object_id obj2; /* splice, tee: the other pipe; mech 0 when there is none */
	__u64 kobj;		   /* kernel address of the object, for state reads */
	__u64 kobj2;
	__u64 begin_ns;		   /* PROFILE_LATENCY, else 0 */
	__u64 sleep_ns;
	__u64 wake_ns;
	__u64 wait_ns;		   /* sums over this operation */
	__u64 sched_delay_ns;
	__u64 progress;		   /* what was left to do when it last slept */
	__u32 waits;
	__u32 spurious;
	__u32 wakes;		   /* given by this operation to sleepers on the object */
	__u32 other_wakes;
	__u32 tgid;		   /* of its task, and tid and start: known when it has left the CPU */
	__u32 tid;
	__u32 start;
	__u32 flags;		   /* enum ipc_run_flags */
	__u8 op;
	__u8 op2;
	__u8 own_cause;		   /* what an interruptible sleep in it means */
	__u8 cause;		   /* of the wait in progress or the last one */
	__u32 waker;		   /* tgid that ended the last wait */
	__u32 waker_start;
	__u32 waker_kind;	   /* enum ipc_waker */
	__u32 own_waits;	   /* waits by cause: own_cause, lock, io */
	__u32 lock_waits;
	__u32 io_waits;
	__u32 second_wakes;	   /* of `wakes`, those of sleepers on obj2 */
	__u32 row;		   /* of its edge, + 1; 0: not known yet */
	__u32 aux[4];		   /* between a mechanism's entry and exit hooks */
	__u16 resizes;		   /* RING_RESIZES_ENDED of obj when it began; syscall backend */
	__u16 resizes2;		   /* the same of obj2 */
	__u64 iter;		   /* address of the iov_iter, to see progress */
	__u64 size;		   /* asked for; ~0: not known */
	__u64 call;		   /* of its task, PROFILE_WAITS: call_id(); 0: not known */
	char comm[IPC_COMM_LEN];   /* filled when it goes to sleep */
};

/*
 * Where operations of tasks that are off their CPU are kept: of tid in row tid & kept_mask of `kept`,
 * or, where another task has that, in the hash `sleepers`.
 */
struct ipc_kept {
	__u32 tid;    /* whose; 0: of nobody, or about to be somebody's */
	__u32 claims; /* 1: it is somebody's. More: others look whether they may have it */
	__u32 others; /* tasks of this row that are in `sleepers` */
	__u32 pad;
	struct ipc_run run;
};

struct ipc_event { /* of MECH_NONE: see steps.h */
	__u64 time_ns;	  /* when it ended */
	struct ipc_object_id obj;
	__u64 latency_ns; /* 0: not seen */
	__u64 wait_ns;
	__s64 result;	  /* bytes, or -errno */
	__u64 size;	  /* asked for; ~0 when not known */
	__u64 moved;	  /* of the result, without a copy */
	__u32 tgid;
	__u32 tid;
	__u8 op;
	__u8 cause;
	__u8 known;	  /* EVENT_* */
	__u8 kind;	  /* enum ipc_endpoint_kind; tgid is 0 for all but a process */
	__u32 depth;
	char comm[IPC_COMM_LEN];
	__u32 state[IPC_STATE_WORDS];
	__u64 sleep_ns;	  /* of its last wait: from when, until when, and who ended it; 0: it did not wait */
	__u64 wake_ns;	  /* 0: not seen */
	__u32 waker;	  /* tgid; 0: no task */
	__u32 waker_kind; /* enum ipc_waker */
};

enum ipc_event_known {
	EVENT_LATENCY = 1 << 0,
	EVENT_WAIT = 1 << 1,
	EVENT_STATE = 1 << 2,
	EVENT_SIZE = 1 << 3,
};

/* Set by user space while programs run: the `control` map. */
enum ipc_control {
	CONTROL_PASS = 0,	   /* passes of the iterators so far; 0: what it finds existed before */
	CONTROL_PASS_START_NS = 1,
	CONTROL_RING_ID = 2, /* the object whose ring is read next, without `one_object` */
	CONTROL_RING_DOMAIN = 3,
	CONTROL_ROWS = 4, /* rows from here on were never used; by the programs, may pass the end of `rows` */
	CONTROL_MAX = 5,
};

/* Losses counted inside the programs; recursion misses come from the kernel's own count. */
enum ipc_loss {
	LOSS_MISSED = 0,     /* operations that ended without having been seen to begin or vice versa */
	LOSS_MAP_FULL = 1,
	LOSS_RING_FULL = 2,
	LOSS_UNRESOLVED = 3, /* an operation on something whose object could not be told */
	LOSS_MAX = 4,
};

#include "config.h"

#endif /* IPCTRACE_H */
