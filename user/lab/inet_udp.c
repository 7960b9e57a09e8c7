/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams over loopback: by address and connected, dropped, refused, cut. */
#include "lab/inet.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o;
static int fds[2], receiver, sender;
static struct address address;

static void receiver_of(int family)
{
	o = object_receiver(&receiver, family);
	address = address_of(receiver);
	sender = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(sender >= 0);
	fact(o, TOP, "created", 1);
	fact(o, INTERNALS, "protocol", IPPROTO_UDP);
}

/* What is sent to a receiver belongs to it, by address or by connection; N each. */
static void datagrams(unsigned n, int family)
{
	receiver_of(family);
	certain_waits(o);
	for (unsigned i = 0; i < n; i++) {
		ARRIVES(receiver, CHECK(op_inet_sendto(o, sender, 83, 0, &address) == 83));
		must_sock_recv(o, receiver, 1009, 83);
	}
	CHECK(op_inet_connect(o, sender, &address) == 0);
	for (unsigned i = 0; i < n; i++) {
		ARRIVES(receiver, must_write(o, sender, 89));
		must_read(o, receiver, 1009, 89);
	}
	fact(o, INTERNALS, "connects", 1);
	fact(o, INTERNALS, "drops", 0);
	fact(o, INTERNALS, "sent_by_second", n * (83 + 89));
	fact(o, INTERNALS, "received_by_first", n * (83 + 89));
	fact(o, DEPTH, "max_slots", 1);
	close_fd(sender);
	close_fd(receiver);
	fact(o, TOP, "destroyed", 1);
	fact(o, TOP, "balance_bytes", 0);
}

static void run_datagrams(unsigned n)
{
	datagrams(n, AF_INET);
}

static void run_datagrams6(unsigned n)
{
	datagrams(n, AF_INET6);
}

/* Bound to any address: it is the one object, whichever of them it is sent to. */
static void run_any(unsigned n)
{
	struct address any = loopback(AF_INET, 0);

	receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	any.v4.sin_addr.s_addr = htonl(INADDR_ANY);
	CHECK(receiver >= 0 && bind(receiver, &any.any, any.len) == 0);
	any = address_of(receiver);
	o = object_address("udp", &any);
	count(o, CTL, OPS, 1);
	sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	address = loopback(AF_INET, port_of(&any));
	for (unsigned i = 0; i < n; i++) {
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
		CHECK(op_inet_sendto(o, sender, 41, 0, &address) == 41);
		must_sock_recv(o, receiver, 97, 41);
	}
	fact(o, INTERNALS, "received_by_first", n * 41);
}

/* Two that are connected to each other, both ways; one record is cut. */
static void run_pair(unsigned n)
{
	o = object_udp(fds, AF_INET);
	certain_waits(o);
	for (unsigned i = 0; i < n; i++)
		ARRIVES(fds[1], must_sock_send(o, fds[0], 61));
	fact(o, DEPTH, "max_slots", n);
	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, fds[1], 61, 61);
	ARRIVES(fds[0], must_write(o, fds[1], 307));
	must_read(o, fds[0], 101, 101);
	fact(o, TOP, "created", 1);
	fact(o, INTERNALS, "truncated", 1);
	fact(o, INTERNALS, is_first_end(fds[0]) ? "received_by_first" : "received_by_second", 101);
	fact(o, INTERNALS, is_first_end(fds[0]) ? "sent_by_first" : "sent_by_second", n * 61);
}

static void read_all(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, receiver, 211, 97);
}

/* The receiver always finds nothing, and every send ends a wait. */
static void run_wake(unsigned n)
{
	struct task *t;

	receiver_of(AF_INET);
	certain_waits(o);
	t = spawn("udp-receiver", read_all, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_recvfrom, o, RECV, EMPTY);
		CHECK(op_inet_sendto(o, sender, 97, 0, &address) == 97);
		count_wake(o, SEND, t);
	}
	join(t);
	certain(o, RECV, SPURIOUS);
}

/* Datagrams that the kernel threw away, by its own count (SO_RXQ_OVFL) of the next one that is received. */
static uint32_t drops_told(void)
{
	_Alignas(struct cmsghdr) char control[128];
	struct iovec iov = {payload(1009), 1009};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	uint32_t drops = 0;

	ARRIVES(receiver, CHECK(op_inet_sendto(o, sender, 101, 0, &address) == 101));
	enter_call();
	CHECK(sock_ended(o, RECV, recvmsg(receiver, &msg, 0), true) == 101);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
			memcpy(&drops, CMSG_DATA(c), sizeof(drops));
	return drops;
}

/* More than the receive buffer holds: sent for all that the sender knows, and thrown away. */
static void run_drops(unsigned n)
{
	unsigned got = 0;
	int on = 1;

	receiver_of(AF_INET);
	certain_waits(o);
	set_buffer(receiver, SO_RCVBUF, 32749);
	CHECK(setsockopt(receiver, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) == 0);
	for (unsigned i = 0; i < n; i++)
		ARRIVES(receiver, CHECK(op_inet_sendto(o, sender, 1009, 0, &address) == 1009));
	while (op_recv(o, receiver, 1009, MSG_DONTWAIT) == 1009)
		got++;
	CHECK(errno == EAGAIN && got && got < n);
	CHECK(drops_told() == n - got);
	fact(o, INTERNALS, "drops", n - got);
	fact(o, INTERNALS, "first_rcvbuf", 2 * 32749);
	fact(o, DEPTH, "max_slots", got);
	fact(o, DEPTH, "bytes", 0);
	close_fd(sender);
	close_fd(receiver);
	fact(o, TOP, "discarded_bytes", (n - got) * 1009);
	fact(o, TOP, "balance_bytes", 0);
}

/* Whether the receiver waits is chance: when all have arrived nothing tells. */
static void run_many_messages(unsigned n)
{
	o = object_udp(fds, AF_INET);
	CHECK(op_sendmmsg(o, fds[0], n, 101) == (ssize_t)n);
	CHECK(op_recvmmsg(o, fds[1], n, 211) == (ssize_t)n);
	inet_directions(o, fds, n * 101, 0);
}

/* Nobody receives at that port, and the sender is told so at its next operation. */
static void run_refused(unsigned n)
{
	receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	address = loopback(AF_INET, 0);
	CHECK(receiver >= 0 && bind(receiver, &address.any, address.len) == 0);
	address = address_of(receiver);
	close_fd(receiver);
	o = object_address("udp", &address);
	count(o, CTL, OPS, 1); /* bind */
	sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(op_inet_connect(o, sender, &address) == 0);
	for (unsigned i = 0; i < n; i++) {
		must_sock_send(o, sender, 71);
		CHECK(op_send(o, sender, 71, 0) < 0 && errno == ECONNREFUSED);
	}
}

/* Left in the queue when it is closed. */
static void run_left(unsigned n)
{
	receiver_of(AF_INET);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_inet_sendto(o, sender, 131, 0, &address) == 131);
	must_sock_recv(o, receiver, 211, 131);
	close_fd(receiver);
	fact(o, TOP, "destroyed", 1);
	fact(o, TOP, "discarded_bytes", (n - 1) * 131);
	fact(o, TOP, "balance_bytes", 0);
}

static const struct scenario scenarios[] = {
	{"udp-datagrams", "to a receiver, by address and connected", run_datagrams, 101},
	{"udp-datagrams6", "the same over IPv6", run_datagrams6, 29},
	{"udp-any", "a receiver bound to any address", run_any, 7},
	{"udp-pair", "two sockets connected to each other", run_pair, 7},
	{"udp-wake", "every receive waits, every send ends its wait", run_wake, 101},
	{"udp-drops", "more than the receive buffer holds", run_drops, 101},
	{"udp-mmsg", "sendmmsg and recvmmsg of N messages", run_many_messages, 5},
	{"udp-refused", "sends to where nobody receives", run_refused, 3},
	{"udp-left", "datagrams that are never received", run_left, 7},
};
REGISTER_SCENARIOS(scenarios, "inet");

/* With the syscall backend nobody knows how many bytes were thrown away. */
static const struct blind drops_blind[] = {
	{"inet", "syscall", "depth.bytes"},
};
REGISTER_BLIND_IN(drops_blind, "udp-drops");
