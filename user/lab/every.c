/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same of every mechanism, between the same two processes: some calls that
 * fail, N that do not, and at last one that waits. For what is common to all of
 * them: filters, profiles, events.
 */
#include "lab/futex.h"
#include "lab/inet.h"
#include "lab/mmap.h"
#include "lab/mq.h"
#include "lab/msg.h"
#include "lab/sem.h"
#include "lab/signal.h"
#include "lab/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FAILS 3u
#define LATE_US 40000u

/* One mechanism: `far` is the receiver's process. A failed call is one of the receiver's. */
struct way {
	struct object *(*make)(struct task *far);
	void (*send)(struct object *o);
	void (*receive)(struct object *o);
	void (*fail)(struct object *o);
	long nr; /* the system call that receives sleep in; -1: they do not */
	enum cause cause;
};

static bool held_start; /* its maker is not known then, and no part of its id */
static int event_fd, pair_fds[2], tcp_fds[2], memory_fd, reading_fd, segment;
static uint32_t *word;
static mqd_t posix;
static struct queue sysv;
static struct set set;

static struct object *make_eventfd(struct task *far)
{
	char path[64], line[128];
	unsigned number = 0;
	struct object *o;
	FILE *f;

	(void)far;
	event_fd = eventfd(0, EFD_CLOEXEC);
	CHECK(event_fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", event_fd);
	f = fopen(path, "re");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "eventfd-id: %u", &number);
	fclose(f);
	o = held_start ? object_new("eventfd", "eventfd:[%u]", number) : object_new("eventfd", "eventfd:[%d:%u]", getpid(), number);
	return o;
}

static void send_eventfd(struct object *o)
{
	uint64_t one = 1;

	CHECK(op_write(o, event_fd, &one, sizeof(one)) == sizeof(one));
}

static void receive_eventfd(struct object *o)
{
	uint64_t value;

	CHECK(op_read(o, event_fd, &value, sizeof(value)) == sizeof(value));
}

static void fail_eventfd(struct object *o)
{
	char byte;

	CHECK(op_read(o, event_fd, &byte, 1) < 0 && errno == EINVAL);
}

static struct object *make_mq(struct task *far)
{
	struct object *o = object_mq(&posix, "every", 5);

	(void)far;
	facts_forget(o);
	return o;
}

static void send_mq(struct object *o)
{
	must_mq_send(o, posix, 101, 3);
}

static void receive_mq(struct object *o)
{
	must_mq_receive(o, posix, 101);
}

static void fail_mq(struct object *o)
{
	char small[11];

	CHECK(op_mq_receive(o, posix, small, sizeof(small), 0) < 0 && errno == EMSGSIZE);
}

static struct object *make_msg(struct task *far)
{
	(void)far;
	sysv = queue_new(IPC_PRIVATE, 0);
	return sysv.o;
}

static void send_msg(struct object *o)
{
	(void)o;
	must_send(sysv, 7, 103);
}

static void receive_msg(struct object *o)
{
	(void)o;
	must_receive(sysv, 7, 0, 103, 7);
}

static void fail_msg(struct object *o)
{
	(void)o;
	CHECK(op_msgrcv(sysv, 103, 5, IPC_NOWAIT) < 0 && errno == ENOMSG);
}

static struct object *make_sem(struct task *far)
{
	(void)far;
	set = set_new(IPC_PRIVATE, 3);
	facts_forget(set.o);
	return set.o;
}

static void send_sem(struct object *o)
{
	(void)o;
	must_semop(set, V(1, 1));
}

static void receive_sem(struct object *o)
{
	(void)o;
	must_semop(set, P(1, 1));
}

static void fail_sem(struct object *o)
{
	(void)o;
	CHECK(op_semop(set, (struct sembuf[]){NOWAIT(P(1, 1))}, 1, -1) < 0 && errno == EAGAIN);
}

static struct object *make_shm(struct task *far)
{
	struct object *o;
	struct stat st;

	(void)far;
	segment = shmget(IPC_PRIVATE, page_size(), IPC_CREAT | IPC_EXCL | 0600);
	CHECK(segment >= 0);
	sysv_made(SYSV_SHM, segment);
	CHECK(stat("/proc/self/ns/ipc", &st) == 0);
	o = object_new("shm", "shm:[%ju:%d]", (uintmax_t)st.st_ino, segment);
	for (int key = OPS; key <= COPIES; key++) {
		uncertain(o, SEND, key);
		uncertain(o, RECV, key);
	}
	certain(o, OPEN, OPS);
	return o;
}

static void attach_shm(struct object *o)
{
	void *at = shmat(segment, NULL, 0);

	CHECK(at != (void *)-1 && shmdt(at) == 0);
	count(o, OPEN, OPS, 1);
}

static void fail_shm(struct object *o)
{
	CHECK(shmat(segment, (void *)1, 0) == (void *)-1 && errno == EINVAL);
	count(o, OPEN, OPS, 1);
	count_error(o, OPEN, EINVAL);
}

static struct object *make_futex(struct task *far)
{
	int fd;

	(void)far;
	word = shared_memory(&fd);
	return object_shared_word(fd, 0);
}

static void send_futex(struct object *o)
{
	__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
	CHECK(futex_wake_on(o, word, FUTEX_WAKE, 1) >= 0);
}

/* But for the last one it has been raised already. */
static void receive_futex(struct object *o)
{
	static uint32_t seen;

	futex_wait_on(o, word, FUTEX_WAIT, seen++);
}

static void fail_futex(struct object *o)
{
	CHECK(futex_wait_on(o, word, FUTEX_WAIT, ~0u) < 0 && errno == EAGAIN);
}

static struct object *make_unix(struct task *far)
{
	(void)far;
	return object_pair(pair_fds, SOCK_SEQPACKET);
}

static void send_unix(struct object *o)
{
	must_sock_send(o, pair_fds[0], 107);
}

static void receive_unix(struct object *o)
{
	must_sock_recv(o, pair_fds[1], 211, 107);
}

static void fail_unix(struct object *o)
{
	CHECK(op_recv(o, pair_fds[1], 107, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

static struct object *make_inet(struct task *far)
{
	(void)far;
	return object_tcp(tcp_fds, AF_INET);
}

static void send_inet(struct object *o)
{
	must_sock_send(o, tcp_fds[0], 109);
}

static void receive_inet(struct object *o)
{
	must_sock_recv(o, tcp_fds[1], 211, 109);
}

static void fail_inet(struct object *o)
{
	CHECK(op_recv(o, tcp_fds[1], 109, MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

static struct object *make_mmap(struct task *far)
{
	char path[64];

	(void)far;
	memory_fd = memfd_create("every", MFD_CLOEXEC);
	CHECK(memory_fd >= 0 && ftruncate(memory_fd, (off_t)page_size()) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory_fd);
	reading_fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(reading_fd >= 0);
	return object_mapped(memory_fd);
}

static void map_memory(struct object *o)
{
	op_unmap(o, op_map(o, memory_fd, 1, PROT_READ, 0), 1, 1);
}

static void fail_mmap(struct object *o)
{
	CHECK(mmap(NULL, page_size(), PROT_WRITE, MAP_SHARED, reading_fd, 0) == MAP_FAILED && errno == EACCES);
	count(o, OPEN, OPS, 1);
	count_error(o, OPEN, EACCES);
}

static struct object *make_signal(struct task *far)
{
	return signal_object(task_pid(far), SIGUSR1);
}

static pid_t far_pid;

static void send_signal_usr1(struct object *o)
{
	must_kill(o, far_pid, SIGUSR1);
}

static void take_signal(struct object *o, long seconds, int expected)
{
	const struct timespec patience = {.tv_sec = seconds};
	sigset_t usr1;
	int ret;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	enter_call();
	ret = sigtimedwait(&usr1, NULL, &patience);
	CHECK(ret == expected);
	count(o, RECV, OPS, 1);
	if (ret < 0)
		count_error(o, RECV, errno);
}

static void receive_signal(struct object *o)
{
	take_signal(o, 60, SIGUSR1);
}

static void fail_signal(struct object *o)
{
	take_signal(o, 0, -1);
}

static const struct way ways[] = {
	{make_eventfd, send_eventfd, receive_eventfd, fail_eventfd, SYS_read, EMPTY},
	{make_mq, send_mq, receive_mq, fail_mq, SYS_mq_timedreceive, EMPTY},
	{make_msg, send_msg, receive_msg, fail_msg, SYS_msgrcv, EMPTY},
	{make_sem, send_sem, receive_sem, fail_sem, SYS_semop, VALUE},
	{make_shm, attach_shm, attach_shm, fail_shm, -1, EMPTY},
	{make_futex, send_futex, receive_futex, fail_futex, SYS_futex, VALUE},
	{make_unix, send_unix, receive_unix, fail_unix, SYS_recvfrom, EMPTY},
	{make_inet, send_inet, receive_inet, fail_inet, SYS_recvfrom, EMPTY},
	{make_mmap, map_memory, map_memory, fail_mmap, -1, EMPTY},
	{make_signal, send_signal_usr1, receive_signal, fail_signal, SYS_rt_sigtimedwait, EMPTY},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void receiver(void *arg)
{
	unsigned n = *(unsigned *)arg, gate = 0;

	block_signal(SIGUSR1);
	advance();
	for (unsigned w = 0; w < WAYS; w++) {
		await_gate_held(++gate);
		for (unsigned i = 0; i < FAILS; i++)
			ways[w].fail(object_nth(w));
		advance();
		for (unsigned i = 0; i < n; i++) {
			await_gate(++gate);
			ways[w].receive(object_nth(w));
			advance();
		}
	}
}

static void exchange(const struct way *way, struct object *o, struct task *far, unsigned n)
{
	static unsigned gate, step = 1, calls;

	open_gate(++gate);
	await_step(far, ++step);
	calls += way->nr >= 0 ? FAILS : 0;
	for (unsigned i = 0; i < n; i++) {
		bool late = i == n - 1 && way->nr >= 0;

		calls += way->nr >= 0;
		if (!late)
			way->send(o);
		open_gate(++gate);
		if (late) {
			await_blocked(far, calls, way->nr, o, RECV, way->cause);
			usleep(LATE_US);
			way->send(o);
			count_wake(o, SEND, far);
		}
		await_step(far, ++step);
	}
}

static void every(unsigned n, bool held)
{
	struct task *far;

	held_start = held;
	rename_self("every-sender");
	for (unsigned w = 0; w < WAYS - 1; w++)
		ways[w].make(NULL);
	far = spawn("every-receiver", receiver, &n);
	await_step(far, 1);
	far_pid = task_pid(far);
	ways[WAYS - 1].make(far);
	if (held && !hold())
		return;
	for (unsigned w = 0; held && w < WAYS; w++)
		object_restart(object_nth(w));
	for (unsigned w = 0; w < WAYS; w++)
		exchange(&ways[w], object_nth(w), far, n);
	join(far);
	queue_remove(sysv);
	set_remove(set);
	CHECK(shmctl(segment, IPC_RMID, NULL) == 0);
	for (unsigned w = 0; w < WAYS; w++) { /* what only some mechanisms tell */
		facts_forget(object_nth(w));
		uncertain(object_nth(w), CTL, OPS);
	}
}

static void run_every(unsigned n)
{
	every(n, false);
}

static void run_held(unsigned n)
{
	every(n, true);
}

static const struct scenario scenarios[] = {
	{"every", "calls that fail, that do not and that wait, of each mechanism", run_every, 5},
	{"held-every", "the same, when all is there already", run_held, 5},
};
REGISTER_SCENARIOS(scenarios, "mq,msg,sem,shm,futex,unix,signal,eventfd");
