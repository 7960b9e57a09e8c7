/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A mechanism, described once: its BPF programs, what its state words mean, how
 * its objects are named, what it cannot see. Every view, the man page and the
 * JSON are made from this; nothing else names a mechanism.
 */
#ifndef MECH_H
#define MECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"
#include "model/span.h"

struct object; /* model/object.h */

enum backend {
	BACKEND_NONE = 0,
	BACKEND_FUNCTION = 1,
	BACKEND_SYSCALL = 2,
	BACKEND_CNT = 3,
};

/*
 * What the hooks that attached cannot see: shown as unknown, never as 0. A
 * descriptor says it for each backend; whoever attaches adds to it.
 */
enum unseen {
	UNSEEN_OPEN = 1 << 0,	    /* operations of a kind */
	UNSEEN_CLOSE = 1 << 1,
	UNSEEN_CTL = 1 << 2,
	UNSEEN_CREATION = 1 << 3,
	UNSEEN_DESTRUCTION = 1 << 4,
	UNSEEN_MOVED = 1 << 5,	    /* which bytes were copied and which moved */
	UNSEEN_STATE = 1 << 6,	    /* state words, depth */
	UNSEEN_WAITS = 1 << 7,	    /* waits, causes, scheduling delay */
	UNSEEN_WAKES = 1 << 8,
	UNSEEN_SPURIOUS = 1 << 9,
	UNSEEN_RESIDENCY = 1 << 11, /* how long data sat in the object */
	UNSEEN_DATA = 1 << 12,	    /* sends and receives: data passes without any operation */
	UNSEEN_SOME_OPS = 1 << 10,  /* a filter drops operations: no balance, nothing that needs all of them */
};
#define UNSEEN_COUNTER(i) (1u << (16 + (i))) /* ipc_edge.counters[i] */

const char *backend_name(enum backend backend); /* "function", "syscall", "none" */

/*
 * One u32 of `struct NAME_internals`, in its order. path is where the syscall
 * backend reads it: "struct.member[.member]", resolved in the kernel's BTF;
 * alternatives are separated by '|', the first that exists is taken; a member
 * that is an array of pointers counts those that are set; "…:pid" is a pointer to
 * a struct pid, and gives its number; "…:high" gives bits 32 to 63. NULL: not there.
 */
struct mech_field {
	const char *name;
	const char *help;
	const char *path;
};

/*
 * A figure that a mechanism computes from its counters and states, for one span
 * of time. Returns false when it was not seen.
 */
struct mech_derived {
	const char *name;
	const char *help;
	bool (*get)(const struct object *o, enum span span, double *value);
};

#define PROFILE_ANY (~0u) /* everything but --counts */

/* One of a mechanism's ipc_edge.counters that is told of each process on the object, too. */
struct mech_share {
	const char *name; /* as in `derived` */
	uint8_t counter;
};

/*
 * A function hook: the program's name in the BPF object and the kernel functions
 * it may attach to, in order of preference, separated by '|'. needs: the profile
 * bits that want it (0: always). A hook that is not `optional` and does not attach
 * costs the mechanism the backend. A `tracepoint` (SEC("?tp_btf/…"), functions is
 * its name) is attached under both backends unless it is for one `only`, all others
 * under the function one.
 */
struct mech_hook {
	const char *program;
	const char *functions;
	uint32_t needs;
	bool optional;
	bool tracepoint;
	uint8_t only; /* enum backend; 0: see above */
	int8_t op; /* the operation that this hook counts, for its misses; OP_EITHER; -1: none */
	uint8_t begins; /* for its misses: BEGINS(the operation whose entry this is); 0: none */
	const char *without; /* what is not seen when it does not attach */
	uint32_t tells; /* enum unseen: what is not seen, either, when the profile leaves it out */
};

#define BEGINS(op) ((op) + 1)

/* A system call of the syscall backend; see struct ipc_syscall in bpf/syscall.h. */
#define MECH_SYSCALLS_END {.name = NULL}
struct mech_syscall {
	const char *name;  /* as in <asm/unistd.h>, without __NR_; NULL ends the table */
	int nr;		   /* -1: not on this architecture */
	uint8_t kind;	   /* enum ipc_syscall_kind */
	uint8_t op;	   /* enum ipc_op */
	int8_t fd_arg;	   /* argument that is the descriptor; -1: none */
	int8_t fd2_arg;	   /* the second one: splice, tee */
	int8_t size_arg;   /* argument that is the size asked for; -1: none */
	int8_t cmd_arg;	   /* argument compared with cmds; -1: every call counts */
	uint32_t cmds[4];  /* 0-terminated */
	bool resizes;	   /* cmds[0] changes the capacity */
	bool whole;	   /* a result of 0 means that all of size_arg was sent */
	bool destroys;	   /* the object is gone when it succeeds (IPC_RMID) */
	int8_t flags_arg;  /* argument that has the flags of the next two; they are 0: none */
	uint32_t peek_mask; /* with one of them it looks only: a control operation */
	uint32_t cut_mask; /* with one of them, what does not fit into size_arg is thrown away */
};

/* How much room an object has, and how much of it is in use. Unknown: ~0. */
struct mech_room {
	uint64_t slots, bytes;		 /* capacity */
	uint64_t used_slots, used_bytes; /* now */
	uint64_t max_slots, max_bytes;	 /* most seen */
};
#define ROOM_UNKNOWN UINT64_MAX

/*
 * What an object consists of, or what went through it, by number: "priorities",
 * "ends". A key of the JSON's internals; a name of NULL ends the table.
 */
struct mech_parts {
	const char *name;
	const char *help;
	uint64_t first, last; /* numbers of this kind; they are shown from 0 */
	uint32_t backends;    /* SEEN_BY() those that see them */
	bool counts;	      /* messages sent and received of each */
	bool is_signed;	      /* the numbers are */
	bool of_pass;	      /* as the last pass found them: not known when something happened since */
	const char *words[IPC_PART_WORDS]; /* what ipc_part.words are; NULL: no such word */
	const char *const *labels; /* of each number; NULL: the number itself */
	const char *numbers[2];    /* without counts: what ipc_part.sends and recvs are; NULL: nothing */
	const char *const *names[IPC_PART_WORDS]; /* for people: what the values of a word are called, NULL-terminated; NULL: by number */
};
#define SEEN_BY(backend) (1u << (backend))

#define PARSED_PERHAPS 1

struct mechanism {
	unsigned id; /* enum ipc_mech */
	const char *name;
	const char *summary; /* one line */
	const char *man;     /* paragraphs of plain text for the manual page */
	const char *const *blind; /* what no backend of it sees; NULL-terminated */

	const char *object;  /* BPF object that has its hooks: bpf/NAME.bpf.c */
	const char *const *maps; /* that only it and others which name them use; NULL-terminated; NULL: none */
	const struct mech_hook *hooks;
	const struct mech_syscall *syscalls;
	const struct mech_field *fields; /* terminated by .name NULL */
	const struct mech_derived *derived;
	const struct mech_share *shares; /* terminated by .name NULL; NULL: none */
	const struct mech_parts *parts; /* terminated by .name NULL; NULL: none */
	uint32_t derived_needs; /* enum ipc_profile: what they are computed from, beyond what is always there */
	uint32_t state_needs; /* enum ipc_profile: any of it makes an operation read the state; 0: it does in any case */
	bool shared_words;    /* the words of a row change without an operation of its own: they are one for all */
	uint32_t lasting;     /* bits of the fields that stay the same as long as the object is there */
	uint32_t detailed;    /* bits of the fields that are read for PROFILE_DETAIL and PROFILE_EVENTS only */
	uint32_t file_mode;   /* S_IFMT bits of its inodes; 0: its objects are no files */
	const char *kobj;     /* where its state hangs: "inode.i_pipe", "file.private_data"; "STRUCT.MEMBER": that is the inode */
	const char *kobj_id;  /* number of its objects, where the inode does not tell them: "struct.member"; NULL */
	char file_name[9];    /* how the name of its files begins, where the inode does not tell them; "" */
	uint8_t depth;	      /* enum ipc_depth */
	uint8_t limit_word;   /* the field that says how many slots may be used */
	uint8_t bytes_word;   /* the field that says how many bytes are inside; 0: none does */
	uint8_t causes[OP_MAX]; /* what an interruptible sleep in each operation means */
	bool follows_calls;   /* its hooks need what they noted when a call began, whatever is collected */
	bool found_idle;      /* a pass finds whatever exists and is held: what it does not find is not there */
	bool has_path;	      /* its files have paths: where the programs saw none, /proc is asked */
	uint32_t file_magic;  /* super block magic of its inodes; 0: any but those that another claims */

	/* "pipe:[81234]"; at most size bytes with the NUL */
	void (*format_id)(const struct ipc_object_id *id, char *buf, size_t size);
	/* the name, where the programs give it in another form than text (struct ipc_name.path); NULL: as it is */
	void (*format_name)(const struct ipc_object_id *id, const char *raw, char *buf, size_t size);
	/* -O and ring TARGET; returns 0, -errno, or PARSED_PERHAPS: so, if no other mechanism knows it */
	int (*parse_id)(const char *spec, struct ipc_object_id *id);
	uint64_t id_mask; /* bits of the id that parse_id gives; 0: all */
	void (*room)(const struct object *o, struct mech_room *room);
	/* is state a newer than state b? Words as in fields; all 0: never read, older than any */
	bool (*newer)(const uint32_t *a, const uint32_t *b);
	/* gives state what an older one knows better, where they are of one stamp; NULL: nothing */
	void (*join)(uint32_t *state, const uint32_t *other);
	/* ends of the object that are open now, from its state; NULL or false: not known */
	bool (*ends)(const struct object *o, uint32_t *senders, uint32_t *receivers);
	/* has it two ends that are alike? Then ipc_edge.counters[first_ops] are the operations at the first one. NULL: never */
	bool (*has_ends)(const struct object *o);
	uint8_t first_ops;
	/* file descriptors inside, sent and not received; NULL or false: none can be, or it is not known */
	bool (*descriptors)(const struct object *o, uint32_t *cnt);
	/*
	 * A count that only grows (a ring's head), modulo 2^32, 0 when the object was new or first
	 * sampled; the model keeps it at 64 bits as object_advance(). NULL or false: not known.
	 */
	bool (*advance)(const struct object *o, uint32_t *count);
	uint32_t unseen[BACKEND_CNT]; /* enum unseen */
};

extern const struct mechanism *const mechanisms[];
extern const size_t mechanism_cnt;

const struct mechanism *mechanism_by_name(const char *name); /* NULL: none */
const struct mechanism *mechanism_by_id(unsigned id);	       /* NULL: none */

/* enum unseen: what the backend does not see of the mechanism, and what this profile leaves out. */
uint32_t mech_unseen(const struct mechanism *mech, enum backend backend, uint32_t profile);

/*
 * For mech.newer, where nothing in the words only grows: the later stamp, within its unit the finer one;
 * of one moment, whichever comes last. Not stamped: never read, older than any.
 */
bool mech_stamped_later(const uint32_t *a, const uint32_t *b);

#endif
