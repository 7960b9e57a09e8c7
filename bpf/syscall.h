/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of the syscall backend: user space fills them from the mechanisms'
 * descriptors, so that bpf/syscall.bpf.c knows no mechanism.
 */
#ifndef IPC_SYSCALL_H
#define IPC_SYSCALL_H

#define IPC_SYSCALLS 512   /* more than any architecture of ours has */
#define IPC_SYSCALL_ALTS 4 /* meanings of one system call, told apart by a command argument: fcntl */
#define IPC_FILE_CLASSES 16 /* a power of two */
#define IPC_NO_CLASS 0xff
#define IPC_KOBJ_SPAN 256  /* bytes of a kernel object that its state words lie in */

/* Where a system call finds its object, and when. Numbered by the compiler: no two may be alike. */
enum ipc_syscall_kind {
	SYSCALL_NONE = 0,
	SYSCALL_FD,	   /* a descriptor in fd_arg */
	SYSCALL_SPLICE,    /* from descriptor fd_arg to descriptor fd2_arg */
	SYSCALL_TEE, 	   /* the same, and the source keeps its bytes */
	SYSCALL_BY_MODE,   /* a descriptor; sends or receives as it was opened: vmsplice */
	SYSCALL_SENDFILE,  /* to descriptor fd_arg, without a copy */
	SYSCALL_OPEN, 	   /* the descriptor is the result */
	SYSCALL_MAKE, 	   /* makes an object without a name; the descriptor is the result */
	SYSCALL_OPEN_NAME, /* as SYSCALL_OPEN, by a name that is shown with a slash before it */
	SYSCALL_PAIR, 	   /* makes two descriptors, stored at the address in fd_arg */
	SYSCALL_SYSV, 	   /* a System V id in fd_arg, of the namespace's table fd2_arg (enum sysv_table) */
	SYSCALL_SEMOP,	   /* as SYSCALL_SYSV, with operations at the address in argument 1, so many as argument 2 says */
	SYSCALL_SYSV_GET,  /* the id is the result; the key in fd_arg, the flags in cmd_arg */
	SYSCALL_CONNECT,   /* sockets: the address in argument 1 names the object */
	SYSCALL_SEND_TO,   /* that in argument 4 does, when there is one */
	SYSCALL_RECV_FROM, /* flags in fd2_arg may say that it only looks: so for the next two */
	SYSCALL_MSG, 	   /* a message in argument 1, with a name of its own and descriptors */
	SYSCALL_MMSG, 	   /* several; the result is their number */
	SYSCALL_NAMES,	   /* a descriptor in fd_arg, which is an object only afterwards: bind, listen */
};

/* ipc_namespace.ids[] */
enum sysv_table {
	SYSV_SEM = 0,
	SYSV_MSG = 1,
	SYSV_SHM = 2,
};

#define SYSCALL_CMD_0 0xffffffffu /* in cmds: the command whose number is 0 */

struct ipc_syscall {
	__u8 kind;
	__u8 op;
	__s8 fd_arg;
	__s8 fd2_arg;
	__s8 size_arg;
	__s8 cmd_arg;  /* counted only when this argument is one of cmds; -1: always */
	__u8 resizes;  /* cmds[0] changes the capacity */
	__u8 whole;    /* a result of 0 means that all of size_arg was sent */
	__u8 mech;     /* the one mechanism whose objects are found this way; 0: the resolver tells */
	__u32 cmds[4]; /* 0-terminated */
	__u32 mechs;   /* bit per mechanism that this meaning exists for */
	__u8 destroys; /* the object is gone when it succeeds */
	__s8 flags_arg; /* the argument that has the flags below; -1: none */
	__u8 pad;
	__u32 peek_mask; /* it looks only and takes nothing: OP_CTL */
	__u32 cut_mask;	 /* what does not fit into size_arg is thrown away */
};

/* What a system call number may mean; the first whose command fits holds. kind SYSCALL_NONE ends it. */
struct ipc_syscall_alts {
	struct ipc_syscall alt[IPC_SYSCALL_ALTS];
};

enum ipc_depth {
	DEPTH_NONE = 0,
	DEPTH_RING = 1,	 /* word 0 is the head, word 1 the tail of a ring */
	DEPTH_LEVEL = 2, /* word 0 is the depth */
	DEPTH_COUNT = 3, /* the same, without a limit */
	DEPTH_SEMS = 4,	 /* a semaphore set: its words lie where sem_state() finds them */
};

/* Where the kernel object is that has the state. */
enum ipc_kobj_at {
	KOBJ_OF_INODE = 0,    /* a pointer in struct inode */
	KOBJ_OF_FILE = 1,     /* a pointer in struct file */
	KOBJ_AROUND_INODE = 2, /* the inode is a member of it */
};

/* A state word inside the bytes read from the kernel object. */
struct ipc_word {
	__u16 offset;
	__u8 size;     /* 1, 2, 4 or 8; 0: not on this kernel */
	__u8 pointers; /* > 0: so many pointers, count those that are set; WORD_PID: one, to a struct pid */
};

#define WORD_PID 0xff /* the process number in the first PID namespace; 0: none */
#define WORD_HIGH 0xfe /* no pointer: the high half of 8 bytes */

/* Which inodes are objects of a mechanism, and where their state lies. */
struct ipc_file_class {
	__u32 mode;	    /* S_IFMT bits; 0: its objects are no files, another resolver finds them */
	__u32 magic;	    /* super block's, 0: any that no earlier class claims */
	__u16 mech;
	__u8 depth;	    /* enum ipc_depth */
	__u8 limit_word;    /* the word that says how many slots may be used */
	__u8 bytes_word;    /* the word that says how many bytes are inside; 0: none does */
	__u16 kobj_at;	    /* enum ipc_kobj_at */
	__u16 kobj_offset;  /* of that pointer, or of the inode */
	__u16 id_offset;    /* numbered: of the object's number, in the kernel object */
	__u8 numbered;	    /* the object is not told by its inode; see maker.bpf.h */
	__u64 dname;	    /* first 8 bytes of its directory entry's name; 0: not looked at */
	__u16 base;	    /* first byte of the object that is read */
	__u16 span;	    /* how many */
	__u8 causes[8];	    /* by enum ipc_op; 8 for the verifier */
	struct ipc_word words[IPC_STATE_WORDS];
};

#endif
