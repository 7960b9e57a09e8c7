/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A way to get messages from one process to another, as data: a file
 * user/compare/via_NAME.c defines it, a line in transports.c lists it. Nothing
 * else knows one from another.
 */
#ifndef COMPARE_TRANSPORT_H
#define COMPARE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum end { SENDER = 0, RECEIVER = 1 };

#define CHANNEL_HEADROOM 64 /* bytes before a message's buffer that a transport may use */

/* One use of a transport. Made before the two processes, each of which has its copy. */
struct channel {
	size_t size;	   /* bytes of a message */
	size_t part;	   /* most bytes that one operation takes; 0: any */
	size_t slots;	   /* messages that it holds, of those that are made of slots; else 0 */
	const char *limit; /* what sets `part`; NULL: nothing does */
	int fd[2];	   /* by end; -1: none */
	int id[2];	   /* System V ids; -1: none */
	pid_t receiver;	   /* known to the sender */
	char *memory;	   /* shared or rotating buffers; NULL: none */
	size_t memory_size, stride;
	uint64_t turn;	   /* messages so far, of this end */
	char path[64];	   /* to be removed; empty: none */
	bool nonblocking;  /* the sender's descriptor, now */
	uint64_t calls;	   /* system calls of this end, by its own count */
};

/*
 * Calls return -errno. Messages longer than `part` are sent in parts, by the caller.
 * A transport whose messages lie in memory that it owns has room(), and one that
 * needs no buffer at the other end arrival() and taken(), instead of receive().
 */
struct transport {
	const char *name;
	const char *mechanisms; /* whose probes see it: "sem,shm" */
	const char *how;	/* one line */
	bool borders;		/* keeps those of operations */
	bool loses;		/* may drop what it took */
	bool uncounted;		/* the probes count no bytes of it */

	int (*open)(struct channel *c);			/* in the parent of both */
	int (*join)(struct channel *c, enum end end);	/* in the process of that end; NULL: nothing to do */
	/* Up to n bytes, those taken; -EAGAIN when it is full and not to wait, or cannot wait. */
	ssize_t (*send)(struct channel *c, const char *buf, size_t n, bool wait);
	ssize_t (*receive)(struct channel *c, char *buf, size_t n); /* 0: the sender is gone */
	/* Where the next message is to be made; NULL: -errno in *error. */
	char *(*room)(struct channel *c, bool wait, int *error);
	const char *(*arrival)(struct channel *c, int *error);
	int (*taken)(struct channel *c);
	void (*close)(struct channel *c);		/* in the parent, after both ended */
};

extern const struct transport *const transports[];
extern const size_t transport_cnt; /* at most 32 */

/* Exact name; NULL: none. */
const struct transport *transport_by_name(const char *name);

/* ---- for the transports' own files (transports.c) ---- */

/* The kernel's limit in a file of /proc/sys; fallback when it cannot be read. */
size_t transport_limit(const char *path, size_t fallback);
/* Takes O_NONBLOCK off the descriptor or puts it on, when it is not so yet. */
void transport_set_wait(struct channel *c, int fd, bool wait);
/* Closes what the other end uses. */
int transport_keep_end(struct channel *c, enum end end);
void transport_close_fds(struct channel *c);
ssize_t transport_write(struct channel *c, const char *buf, size_t n, bool wait);
ssize_t transport_read(struct channel *c, char *buf, size_t n);

#endif
