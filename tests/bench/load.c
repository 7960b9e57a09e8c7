// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The work whose cost is measured: one operation after another, timed as a whole.
 *   ipc-load --list
 *   ipc-load NAME COUNT [FILE [OBJECTS]]   nanoseconds per operation, to FILE or standard output
 * In a guest whose clock counts instructions these are instructions.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mark.h"

#define MESSAGE 64 /* bytes of every operation that has a payload */

static char buf[8192];
static int in, out; /* what the operations go through */

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ipc-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void take(int fds[2])
{
	in = fds[0];
	out = fds[1];
}

static void start_pipe(void)
{
	int fds[2];

	must(!pipe(fds), "pipe");
	take(fds);
}

static void start_unix(int type)
{
	int fds[2];

	must(!socketpair(AF_UNIX, type, 0, fds), "socketpair");
	take(fds);
}

static void start_unix_stream(void) { start_unix(SOCK_STREAM); }
static void start_unix_dgram(void) { start_unix(SOCK_DGRAM); }

static void start_inet(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	out = socket(AF_INET, SOCK_STREAM, 0);
	must(!bind(listener, (void *)&at, len) && !listen(listener, 1), "bind, listen");
	must(!getsockname(listener, (void *)&at, &len) && !connect(out, (void *)&at, len), "connect");
	in = accept(listener, NULL, NULL);
	must(in >= 0, "accept");
	close(listener);
}

static void start_eventfd(void)
{
	in = out = eventfd(0, 0);
	must(in >= 0, "eventfd");
}

static void start_file(void)
{
	char path[64];

	/* not the one of the same program by another name */
	snprintf(path, sizeof(path), "/tmp/%s.lock", program_invocation_short_name);
	out = open(path, O_CREAT | O_RDWR, 0600);
	must(out >= 0, path);
}

static unsigned objects = 1; /* used in turn */

static void start_mq(void)
{
	struct rlimit queues = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = 8192 };

	must(objects == 1 || !setrlimit(RLIMIT_MSGQUEUE, &queues), "RLIMIT_MSGQUEUE");
	out = in = mq_open("/ipc-load", O_CREAT | O_RDWR, 0600, &attr);
	must(in >= 0, "mq_open");
	mq_unlink("/ipc-load");
}

static void start_msg(void)
{
	out = in = msgget(IPC_PRIVATE, 0600);
	must(in >= 0, "msgget");
}

static void end_msg(void) { msgctl(in, IPC_RMID, NULL); }

static void start_sem(void)
{
	out = in = semget(IPC_PRIVATE, 1, 0600);
	must(in >= 0, "semget");
}

static void end_sem(void) { semctl(in, 0, IPC_RMID); }

static void start_shm(void)
{
	out = in = shmget(IPC_PRIVATE, 4096, 0600);
	must(in >= 0, "shmget");
}

static void end_shm(void) { shmctl(in, IPC_RMID, NULL); }

static void start_signal(void)
{
	signal(SIGUSR1, SIG_IGN);
}

/* Each returns how many operations it did. */
static int do_file(void)
{
	must(write(out, buf, MESSAGE) == MESSAGE && read(in, buf, sizeof(buf)) == MESSAGE, "write, read");
	return 2;
}

static int do_eventfd(void)
{
	uint64_t one = 1;

	must(write(out, &one, 8) == 8 && read(in, &one, 8) == 8, "write, read");
	return 2;
}

static int do_mq(void)
{
	must(!mq_send(out, buf, MESSAGE, 1) && mq_receive(in, buf, sizeof(buf), NULL) == MESSAGE, "mq_send, mq_receive");
	return 2;
}

static int do_msg(void)
{
	static struct { long type; char text[MESSAGE]; } m = { .type = 1 };

	must(!msgsnd(out, &m, MESSAGE, 0) && msgrcv(in, &m, MESSAGE, 0, 0) == MESSAGE, "msgsnd, msgrcv");
	return 2;
}

static int do_sem(void)
{
	struct sembuf up = { .sem_op = 1 }, down = { .sem_op = -1 };

	must(!semop(out, &up, 1) && !semop(in, &down, 1), "semop");
	return 2;
}

static int do_shm(void)
{
	void *at = shmat(in, NULL, 0);

	must(at != (void *)-1 && !shmdt(at), "shmat, shmdt");
	return 2;
}

static int do_futex(void)
{
	static int word;

	must(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0, "futex");
	return 1;
}

static int do_signal(void)
{
	must(!kill(getpid(), SIGUSR1), "kill");
	return 1;
}

static int do_lock(void)
{
	must(!flock(out, LOCK_EX) && !flock(out, LOCK_UN), "flock");
	return 2;
}

/* A partner that sends back what it gets: every receive waits, every send wakes. */
static pid_t partner;

static void start_waits(void)
{
	int there[2], back[2];

	must(!pipe(there) && !pipe(back), "pipe");
	partner = fork();
	must(partner >= 0, "fork");
	if (!partner) {
		close(there[1]);
		while (read(there[0], buf, sizeof(buf)) == MESSAGE)
			must(write(back[1], buf, MESSAGE) == MESSAGE, "write");
		_exit(0);
	}
	out = there[1];
	in = back[0];
}

static int do_waits(void)
{
	must(write(out, buf, MESSAGE) == MESSAGE && read(in, buf, sizeof(buf)) == MESSAGE, "write, read");
	return 4; /* the partner's two, too */
}

static void end_waits(void)
{
	close(out);
	waitpid(partner, NULL, 0);
}

static const struct load {
	const char *name;
	void (*start)(void);
	int (*round)(void);
	void (*end)(void);
	int each; /* every start is another object */
} loads[] = {
	{ "pipe", start_pipe, do_file, NULL, 1 },
	{ "pipe-waits", start_waits, do_waits, end_waits, 0 },
	{ "mq", start_mq, do_mq, NULL, 1 },
	{ "msg", start_msg, do_msg, end_msg, 1 },
	{ "sem", start_sem, do_sem, end_sem, 1 },
	{ "shm", start_shm, do_shm, end_shm, 1 },
	{ "futex", NULL, do_futex, NULL, 0 },
	{ "unix-stream", start_unix_stream, do_file, NULL, 1 },
	{ "unix-dgram", start_unix_dgram, do_file, NULL, 1 },
	{ "inet-stream", start_inet, do_file, NULL, 1 },
	{ "signal", start_signal, do_signal, NULL, 0 },
	{ "lock", start_file, do_lock, NULL, 0 },
	{ "eventfd", start_eventfd, do_eventfd, NULL, 1 },
};

/* With several objects each round is on another one than the last: what a table costs that is full of them. */
static unsigned at_object;
static int (*ends)[2];

static void start_all(const struct load *l)
{
	struct rlimit files = { .rlim_cur = 3 * objects + 64, .rlim_max = 3 * objects + 64 };

	errno = EINVAL;
	must(objects == 1 || l->each, "several objects");
	must(objects == 1 || !setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	ends = calloc(objects, sizeof(*ends));
	for (unsigned i = 0; i < objects && l->start; i++) {
		l->start();
		ends[i][0] = in;
		ends[i][1] = out;
	}
}

static int do_next(const struct load *l)
{
	if (objects > 1)
		take(ends[at_object++ % objects]);
	return l->round();
}

static void end_all(const struct load *l)
{
	for (unsigned i = 0; i < objects && l->end; i++) {
		take(ends[i]);
		l->end();
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* The timer tick is in it: over many operations it is the same share of every run. */
static double measure(const struct load *l, unsigned long count)
{
	unsigned long done = 0;
	uint64_t begin, end;

	start_all(l);
	for (unsigned i = 0; i < 64 || i < 3 * objects; i++)
		do_next(l);
	MARK_HERE(MARK_BEGIN);
	begin = now_ns();
	while (done < count)
		done += do_next(l);
	end = now_ns();
	MARK_HERE(MARK_END);
	return (double)(end - begin) / done;
}

int main(int argc, char **argv)
{
	FILE *f = argc > 3 ? fopen(argv[3], "we") : stdout;
	cpu_set_t one;

	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
			puts(loads[i].name);
		return 0;
	}
	if (argc > 4)
		objects = strtoul(argv[4], NULL, 10);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (size_t i = 0; argc > 2 && i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (strcmp(loads[i].name, argv[1]))
			continue;
		must(f != NULL, argv[3]);
		fprintf(f, "%.1f\n", measure(&loads[i], strtoul(argv[2], NULL, 10)));
		end_all(&loads[i]);
		return fclose(f) ? 1 : 0;
	}
	fputs("usage: ipc-load --list | NAME COUNT [FILE [OBJECTS]]\n", stderr);
	return 2;
}
