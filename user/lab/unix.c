/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Data through UNIX sockets: streams, datagrams, sequenced packets, both ways, and what travels with it. */
#include "lab/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct object *o;
static int fds[2];

static void one_pair(int type)
{
	o = object_pair(fds, type);
	certain_waits(o);
	fact(o, TOP, "created", 1);
}

static void gone(void)
{
	fact(o, TOP, "destroyed", 1);
	fact(o, TOP, "balance_bytes", 0);
}

/* So many buffers were sent and received; every one has a residency. */
static void stayed(unsigned n)
{
	fact(o, RESIDENCY, "count", n);
	fact(o, TOP, "residency_unfollowed", 0);
}

static void far_end(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[0]);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 4093);
	advance();
	await_gate(1);
	drain(o, fds[1], 8191);
}

static void directions(uint64_t by_first, uint64_t by_second)
{
	fact(o, INTERNALS, "sent_by_first", by_first);
	fact(o, INTERNALS, "sent_by_second", by_second);
	fact(o, INTERNALS, "received_by_first", by_second);
	fact(o, INTERNALS, "received_by_second", by_first);
}

/* Both directions, one after the other, by read and write. The writer may wait, whoever runs first. */
static void run_stream(unsigned n)
{
	struct task *t;
	uint64_t left = n * 4093ull;

	o = object_pair(fds, SOCK_STREAM);
	t = spawn("unix-far-end", far_end, &n);
	close_fd(fds[1]);
	while (left)
		left -= (uint64_t)op_read(o, fds[0], payload(8191), 8191);
	await_step(t, 1);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_send(o, fds[0], 59, 0) == 59);
	open_gate(1);
	close_fd(fds[0]);
	join(t);
	directions(n * 59ull, n * 4093ull);
	stayed(2 * n);
	gone();
}

/* Records keep their borders; one that is longer than the receiver's buffer is cut. */
static void run_packets(unsigned n)
{
	one_pair(SOCK_SEQPACKET);
	for (unsigned i = 0; i < n; i++) {
		must_sock_send(o, fds[0], 307);
		must_sock_recv(o, fds[1], 1009, 307);
	}
	must_sock_send(o, fds[1], 501);
	must_sock_recv(o, fds[0], 101, 101);
	stayed(n + 1);
	fact(o, INTERNALS, "truncated", 1);
	fact(o, INTERNALS, "type", SOCK_SEQPACKET);
	fact(o, INTERNALS, "sent_by_first", n * 307);
	fact(o, INTERNALS, "received_by_first", 101);
}

/* A peek sees the data, and takes none. */
static void run_peek(unsigned n)
{
	one_pair(SOCK_STREAM);
	must_sock_send(o, fds[0], 251);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_recv(o, fds[1], 97, MSG_PEEK) == 97);
	must_sock_recv(o, fds[1], 1009, 251);
	stayed(1);
	fact(o, INTERNALS, "received_by_second", 251);
	fact(o, INTERNALS, "received_by_first", 0);
}

/* What is sent to a named socket belongs to it, by address or by connection; N each. */
static void run_datagrams(unsigned n)
{
	const char *path = scratch_path("datagrams");
	int receiver, sender;

	o = object_bound(&receiver, SOCK_DGRAM, path, -1);
	certain_waits(o);
	fact(o, TOP, "created", 1);
	sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(sender >= 0);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_sendto(o, sender, 83, 0, path) == 83);
		must_sock_recv(o, receiver, 1009, 83);
	}
	CHECK(op_connect(o, sender, path) == 0);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, sender, 89);
		must_read(o, receiver, 1009, 89);
	}
	stayed(2 * n);
	fact(o, INTERNALS, "connects", 1);
	fact(o, INTERNALS, "sent_by_second", n * (83 + 89));
	fact(o, INTERNALS, "received_by_first", n * (83 + 89));
	close_fd(sender);
	close_fd(receiver);
	gone();
}

static void run_datagram_pair(unsigned n)
{
	one_pair(SOCK_DGRAM);
	for (unsigned i = 0; i < n; i++)
		must_sock_send(o, fds[0], 61);
	fact(o, DEPTH, "max_slots", n);
	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, fds[1], 61, 61);
	directions(n * 61, 0);
	stayed(n);
}

static void run_many_messages(unsigned n)
{
	one_pair(SOCK_DGRAM);
	CHECK(op_sendmmsg(o, fds[0], n, 101) == (ssize_t)n);
	CHECK(op_recvmmsg(o, fds[1], n, 211) == (ssize_t)n);
	directions(n * 101, 0);
	stayed(n);
}

/* Pipes, sockets, files, directories and others: two messages, the second one is never received. */
static void run_rights(unsigned n)
{
	int pipes[2], other[2], got[8], sent[8];

	one_pair(SOCK_STREAM);
	CHECK(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
	sent[0] = pipes[0];
	sent[1] = pipes[1];
	sent[2] = other[0];
	sent[3] = open(scratch_path("file"), O_CREAT | O_RDWR, 0600);
	sent[4] = open("/", O_RDONLY | O_DIRECTORY);
	sent[5] = open("/dev/null", O_RDONLY);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_sendfds(o, fds[0], sent, 6) == 1);
		CHECK(op_recvfds(o, fds[1], got, 6) == 1);
		for (int j = 0; j < 6; j++)
			close_fd(got[j]);
	}
	CHECK(op_sendfds(o, fds[0], sent, 3) == 1);
	stayed(n);
	fact(o, INTERNALS, "fds_sent", n * 6 + 3);
	fact(o, INTERNALS, "fds_received", n * 6);
	fact(o, INTERNALS, "fds_in_flight", 3);
	fact(o, INTERNALS, "fds_pipes", n * 2 + 2);
	fact(o, INTERNALS, "fds_sockets", n + 1);
	fact(o, INTERNALS, "fds_regular", n);
	fact(o, INTERNALS, "fds_directories", n);
	fact(o, INTERNALS, "fds_others", n);
	for (int j = 0; j < 6; j++)
		close_fd(sent[j]);
}

/* Who receives without room for them closes them, and nothing but the count of those in flight says so. */
static void run_rights_dropped(unsigned n)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	one_pair(SOCK_STREAM);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_sendfds(o, fds[0], &null, 1) == 1);
		must_sock_recv(o, fds[1], 7, 1);
	}
	must_sock_send(o, fds[0], 61);
	stayed(n);
	fact(o, INTERNALS, "fds_sent", n);
	fact(o, INTERNALS, "fds_received", 0);
	fact(o, INTERNALS, "fds_in_flight", 0);
	close_fd(null);
}

/* Records stay for a while: residency is theirs, not the receiver's. */
static void run_residency(unsigned n)
{
	const struct timespec while_ = {.tv_nsec = 50000000};

	one_pair(SOCK_SEQPACKET);
	for (unsigned i = 0; i < n; i++)
		must_sock_send(o, fds[0], 67);
	nanosleep(&while_, NULL);
	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, fds[1], 67, 67);
	stayed(n);
	fact_range(o, RESIDENCY, "sum", n * 50000000ull, n * 5000000000ull);
}

/* Refused, too much at once, nothing there, and nobody there any more. */
static void run_errors(unsigned n)
{
	one_pair(SOCK_STREAM);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_recv(o, fds[0], 97, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	while (op_send(o, fds[0], 16381, MSG_DONTWAIT) > 0)
		;
	CHECK(errno == EAGAIN);
	close_fd(fds[1]);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_write(o, fds[0], payload(97), 97) < 0 && errno == EPIPE);
	CHECK(op_recv(o, fds[0], 97, 0) < 0 && errno == ECONNRESET); /* what it sent was not read */
	CHECK(op_recv(o, fds[0], 97, 0) == 0);
	close_fd(fds[0]);
	gone();
}

static const struct scenario scenarios[] = {
	{"unix-stream", "both directions of a socket pair", run_stream, 101},
	{"unix-packets", "records of a SOCK_SEQPACKET pair, one of them cut", run_packets, 101},
	{"unix-peek", "MSG_PEEK takes no data", run_peek, 7},
	{"unix-datagrams", "to a named receiver, by address and connected", run_datagrams, 101},
	{"unix-dgram-pair", "two datagram sockets connected to each other", run_datagram_pair, 7},
	{"unix-mmsg", "sendmmsg and recvmmsg of N messages", run_many_messages, 5},
	{"unix-rights", "descriptors of all kinds, some never received", run_rights, 3},
	{"unix-rights-dropped", "descriptors that are received without room for them", run_rights_dropped, 7},
	{"unix-residency", "N records stay in the queue for a while", run_residency, 7},
	{"unix-errors", "EAGAIN, EPIPE, ECONNRESET", run_errors, 3},
};
REGISTER_SCENARIOS(scenarios, "unix");

static const struct blind blind[] = {
	{"unix", "syscall", "send.spurious_wakes"},
	{"unix", "syscall", "recv.spurious_wakes"},
	{"unix", "syscall", "depth.max_bytes"},
	{"unix", "syscall", "residency_ns"},
	{"unix", "syscall", "residency_unfollowed"},
	{"unix", "syscall", "internals.truncated"},
	{"unix", "syscall", "destroyed"},
	{"unix", "syscall", "close.*"},
	{"unix", "brief", "residency_ns"}, /* without what only more than the default view asks for */
	{"unix", "brief", "residency_unfollowed"},
	{"unix", "brief", "depth.max_bytes"},
	{"unix", "brief", "internals.ends.*"},
	{"unix", "brief", "internals.credentials.*"},
};
REGISTER_BLIND(blind);
