/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A scenario provokes something with real processes and knows the truth about
 * it, because every operation on an object under test goes through the op_*
 * wrappers below, which count what the kernel answered beside the call itself.
 * Nothing here knows ipctrace: the truth is what ipctrace is compared with.
 *
 * Rules for a scenario:
 * - processes meet through shared memory and futexes, never through a pipe, so
 *   that the objects under test are the only ones;
 * - who acts on a sleeper first sees it asleep (await_blocked), so that a wait
 *   is a fact and not a likelihood;
 * - only what is certain becomes part of the truth (certain, fact, range).
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#ifndef _GNU_SOURCE /* this header comes before all others */
#define _GNU_SOURCE
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct scenario {
	const char *id;
	const char *what;
	void (*run)(unsigned n);
	unsigned n;  /* default of N; 0: takes none */
};

/* mechs: the mechanisms to trace for them, as on the command line */
void scenario_register(const struct scenario *table, size_t cnt, const char *mechs);

/* After a file's table: the runner finds it without a list of files. */
#define REGISTER_SCENARIOS(table, mechs)                                             \
	__attribute__((constructor)) static void register_##table(void)              \
	{                                                                            \
		scenario_register(table, sizeof(table) / sizeof((table)[0]), mechs); \
	}                                                                            \
	struct scenario

/*
 * What a backend may say null of: a key's path inside the object, as in ipctrace's
 * JSON ("internals.pages_reused"), or "send.*" for all below it. It is said in the
 * mechanism's blind spots too; nothing else may be null. "brief" is no backend: what any may say null of with --brief.
 */
struct blind {
	const char *mech;
	const char *backend;
	const char *path;
};

/* scenario: only there; NULL: everywhere */
void blind_register(const struct blind *table, size_t cnt, const char *scenario);

#define REGISTER_BLIND_IN(table, scenario)                                           \
	__attribute__((constructor)) static void register_##table(void)              \
	{                                                                            \
		blind_register(table, sizeof(table) / sizeof((table)[0]), scenario); \
	}                                                                            \
	struct blind
#define REGISTER_BLIND(table) REGISTER_BLIND_IN(table, NULL)

/* What became of a scenario: its exit status. */
enum outcome {
	OUTCOME_OK = 0,
	OUTCOME_FAILED = 1,
	OUTCOME_UNESTABLISHED = 3, /* the condition it wants could not be brought about */
	OUTCOME_UNSUPPORTED = 77,
};

/* Ends the calling process with that outcome; the first process ends the scenario. */
_Noreturn void give_up(enum outcome outcome, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define FAIL(...) give_up(OUTCOME_FAILED, __VA_ARGS__)
#define CHECK(condition) \
	((condition) ? (void)0 : FAIL("%s:%d: not true: %s", __FILE__, __LINE__, #condition))

/* ---- truth.c: the objects under test and what is known about them ---- */

enum side { SEND, RECV, OPEN, CLOSE, CTL, SIDE_CNT };

enum key { OPS, BYTES, COPIED, MOVED, COPIES, WAITS, WAKES, SPURIOUS, WAIT_NS, SCHED_DELAY_NS, KEY_CNT };

enum cause { EMPTY, FULL, PARTNER, VALUE, ZERO, LOCK, BACKLOG, HELD, CAUSE_CNT };

enum group { TOP, INTERNALS, CAPACITY, DEPTH, RESIDENCY, GROUP_CNT };

struct object;
struct task;

/* Objects live in shared memory: make them before the processes that use them. */
/* key: the id or the name that ipctrace shows; sends and receives, their bytes and errors are exact */
struct object *object_new(const char *mech, const char *key_format, ...) __attribute__((format(printf, 2, 3)));
struct object *object_pipe(int fds[2], int flags); /* pipe2, and its key */
struct object *object_fifo(const char *path);
struct object *object_nth(unsigned n); /* for who was there before it */
const char *object_key(const struct object *o);

void count(struct object *o, enum side side, enum key key, uint64_t n);
void count_error(struct object *o, enum side side, int error);
void count_wait(struct object *o, enum side side, enum cause cause);
/* By whom is not part of the truth. */
void count_by_anyone(struct object *o, enum side side, enum key key, uint64_t n);
/* What was counted came through no system call that tells of it: the syscall backend's truth is so much less. */
void hidden_from_syscalls(struct object *o, enum side side, enum key key, uint64_t n);
/* An operation of what is no process: kind as in ipctrace's JSON ("timer", "terminal"…). */
void count_kind(struct object *o, enum side side, const char *kind, uint64_t n);
/* Who ended it: a process, with its PID in its own namespace, or (pid 0) that kind. */
void ended_by(struct object *o, pid_t pid, pid_t ns_pid, const char *kind);
/* An operation of another process, which cannot count it: it has died of it, or is in a PID namespace of its own. */
void count_as(struct object *o, enum side side, enum key key, uint64_t n, const struct task *t);
void count_as_pid(struct object *o, enum side side, enum key key, uint64_t n, pid_t pid, pid_t ns_pid, const char *comm);
/* This process is at that end of an object whose ends are alike ("first", "second"), whether it uses it or not. */
void at_end(struct object *o, const char *end);
/* An operation of this process on side woke `wakee` out of its wait on o. */
void count_wake(struct object *o, enum side side, const struct task *wakee);
void count_wake_by(struct object *o, enum side side, const struct task *waker, const struct task *wakee);
/* The same by no operation: a process that ends. */
void woken_by(struct object *o, const struct task *waker, const struct task *wakee);

/* Waits, causes and wakeups of both data sides (and of opens, for a FIFO) are exact. */
void certain_waits(struct object *o);
void uncertain_waits(struct object *o); /* who meets whom is chance */
void certain(struct object *o, enum side side, enum key key);
void uncertain(struct object *o, enum side side, enum key key);
void uncertain_errors(struct object *o, enum side side);
/* Where exactness is impossible; the caller says why. */
void range(struct object *o, enum side side, enum key key, uint64_t min, uint64_t max);
void fact(struct object *o, enum group group, const char *name, uint64_t value);
void fact_range(struct object *o, enum group group, const char *name, uint64_t min, uint64_t max);
/* A figure that every process adds to; 0 at first. */
/* An internal that sums bytes which operations sent or received. */
void fact_bytes(struct object *o, const char *name, uint64_t sum);
/* The same of an internal: the syscall backend's truth is so much less. */
void fact_partly_hidden(struct object *o, const char *name, uint64_t value, uint64_t hidden);
/* What is sent may be delivered by ksoftirqd or a timer instead of the sender: then an interrupt wakes. */
void woken_by_softirq(struct object *o);
void fact_add(struct object *o, enum group group, const char *name, uint64_t n);
/* An internal figure of this process on the object, as its endpoint shows it; 0 at first. */
void fact_own(struct object *o, const char *name, uint64_t n);
void facts_forget(struct object *o);
/* Endpoints' own operation counts are not part of the truth (a held start). */
void endpoints_without_counts(struct object *o);
/* Forget what was counted until now: what a tool that starts later cannot have seen. */
void object_restart(struct object *o);

void truth_init(void);
int truth_write(const char *path, const char *scenario, bool ready);

/* ---- task.c, asleep.c: processes, threads, meeting points, seeing each other asleep ---- */

/*
 * Processes end with the scenario. body runs named `name`; its return ends the
 * process with 0. A thread shares the process and its descriptors.
 */
struct task *spawn(const char *name, void (*body)(void *arg), void *arg);
struct task *spawn_thread(const char *name, void (*body)(void *arg), void *arg);
void join(struct task *t);		    /* must have ended with 0 */
void join_signaled(struct task *t, int signal); /* must have died of it */

struct task *self(void);
pid_t task_pid(const struct task *t);
pid_t task_tid(const struct task *t); /* 0: it has not started yet */
void rename_self(const char *name);

void pin_to_cpu(unsigned nth); /* the nth that we may run on, modulo their number */
void on_signal(int signal, void (*handler)(int), int flags);
void send_signal(const struct task *t, int signal);

/* A task's progress: it advances, others await. Both sides bounded in time. */
void advance(void);
void await_step(struct task *t, unsigned step);
/* The scenario's own gate: 0 at first. */
void open_gate(unsigned value);
void await_gate(unsigned value);
void await_gate_held(unsigned value); /* however long the scenario holds its state */

/*
 * Until t is off the CPU inside its nth call (see enter_call) of system call nr.
 * The plain one is for sleeps that are no wait on an object (poll); the other
 * also counts the wait.
 */
void await_asleep(struct task *t, unsigned nth, long nr);
void await_blocked(struct task *t, unsigned nth, long nr, struct object *o, enum side side,
		   enum cause cause);
/*
 * One long call that sleeps many times: t marks where it begins, others await its
 * kth sleep since then (its voluntary switches), and read at the end how many
 * there were. The pipe's mutex must be left alone meanwhile, it makes sleeps too.
 */
void mark_sleeps(void);
void await_sleep(struct task *t, unsigned kth, long nr);
unsigned sleeps_since_mark(struct task *t); /* while it sleeps, or of the caller itself */
unsigned calls_of(const struct task *t);
bool is_asleep(const struct task *t, long nr); /* now, in this system call */
/* Before any system call that others shall see this task asleep in; op_* do it themselves. */
void enter_call(void);

/* ---- op.c: system calls that count themselves ---- */

ssize_t op_write(struct object *o, int fd, const void *buf, size_t n);
ssize_t op_read(struct object *o, int fd, void *buf, size_t n);
ssize_t op_writev(struct object *o, int fd, const struct iovec *iov, int cnt);
ssize_t op_readv(struct object *o, int fd, const struct iovec *iov, int cnt);
int op_open(struct object *o, const char *path, int flags);
int op_fcntl(struct object *o, int fd, int cmd, int arg);
int op_fionread(struct object *o, int fd);
/* Moves; `from` or `to` is NULL when that end is no pipe under test. */
ssize_t op_splice(struct object *from, int in, struct object *to, int out, size_t n,
		  unsigned flags);
/* The result must be ret; for the many calls that have one right answer. */
void must_write(struct object *o, int fd, size_t n);
void must_read(struct object *o, int fd, size_t size, size_t ret);
void drain(struct object *o, int fd, size_t chunk); /* reads until the end of file */
void close_fd(int fd);
/* All other descriptors beyond the standard ones: what many processes inherit of many pipes adds up. */
void keep_only(int fd);

char *payload(size_t n); /* a buffer of this process, its first n bytes resident */
#define PAYLOAD_SIZE (2u << 20)
size_t page_size(void);

/* ---- scratch.c ---- */
const char *scratch_path(const char *name); /* in a directory of our own, removed at the end */
void scratch_remove(void);		    /* at an end that exit() does not see, by the process that asked first */

/* ---- leftover.c: System V objects of a scenario that does not come to remove them ---- */
enum sysv { SYSV_MSG, SYSV_SEM, SYSV_SHM };
void sysv_init(void);		 /* by the first process, which removes what is left when it ends in failure or by a signal */
void sysv_made(enum sysv kind, int id);
void sysv_remove_left(void);	 /* does nothing in another process */
void sysv_forget(void);		 /* they are gone */
void sysv_interrupted(void);	 /* the scenario ends before its time, without a failure */

/* ---- scenario.c ---- */
/* Announces the state, drops what was counted, waits for SIGUSR1 (true) or SIGTERM (false). */
bool hold(void);

#endif
