/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loopback sockets and what they are called: by addresses and ports. */
#include "lab/inet.h"
#include "lab/truth_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct address loopback(int family, unsigned port)
{
	struct address a;

	memset(&a, 0, sizeof(a));
	a.any.sa_family = (sa_family_t)family;
	a.len = family == AF_INET6 ? sizeof(a.v6) : sizeof(a.v4);
	if (family == AF_INET6) {
		a.v6.sin6_addr = in6addr_loopback;
		a.v6.sin6_port = htons((uint16_t)port);
	} else {
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		a.v4.sin_port = htons((uint16_t)port);
	}
	return a;
}

static struct address name_of(int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
	struct address a;

	a.len = sizeof(a.v6);
	CHECK(call(fd, &a.any, &a.len) == 0);
	return a;
}

struct address address_of(int fd)
{
	return name_of(fd, getsockname);
}

unsigned port_of(const struct address *a)
{
	return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

/* "127.0.0.1:80", "[::1]:80" */
static const char *text_of(const struct address *a, char text[static 64])
{
	char host[INET6_ADDRSTRLEN];
	bool v6 = a->any.sa_family == AF_INET6;

	CHECK(inet_ntop(a->any.sa_family, v6 ? (const void *)&a->v6.sin6_addr : (const void *)&a->v4.sin_addr, host, sizeof(host)));
	snprintf(text, 64, v6 ? "[%s]:%u" : "%s:%u", host, port_of(a));
	return text;
}

static const char *protocol_of(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0);
	return type == SOCK_STREAM ? "tcp" : "udp";
}

struct object *object_address(const char *protocol, const struct address *a)
{
	char text[64];
	struct object *o = object_new("inet", "%s:%s", protocol, text_of(a, text));

	certain(o, OPEN, OPS);
	woken_by_softirq(o);
	return o;
}

bool is_first_end(int fd)
{
	struct address own = address_of(fd), peer = name_of(fd, getpeername);

	return port_of(&own) < port_of(&peer);
}

struct object *object_inet_pair(int fd)
{
	struct address own = address_of(fd), peer = name_of(fd, getpeername);
	bool first = port_of(&own) < port_of(&peer);
	char a[64], b[64];
	struct object *o;

	o = object_new("inet", "%s:%s-%s", protocol_of(fd), text_of(first ? &own : &peer, a), text_of(first ? &peer : &own, b));
	woken_by_softirq(o);
	return o;
}

static int bound(int family, int type)
{
	struct address a = loopback(family, 0);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK(bind(fd, &a.any, a.len) == 0);
	return fd;
}

struct object *object_listener(int *fd, int family, int backlog)
{
	struct object *o;
	struct address a;

	*fd = bound(family, SOCK_STREAM);
	a = address_of(*fd);
	o = object_address("tcp", &a);
	o->opens_wait = true;
	CHECK(listen(*fd, backlog) == 0);
	count(o, CTL, OPS, 1);
	return o;
}

struct object *object_receiver(int *fd, int family)
{
	struct address a;
	struct object *o;

	*fd = bound(family, SOCK_DGRAM);
	a = address_of(*fd);
	o = object_address("udp", &a);
	count(o, CTL, OPS, 1);
	return o;
}

struct object *object_tcp(int fds[2], int family)
{
	int listener = bound(family, SOCK_STREAM), on = 1;
	struct address a = address_of(listener);

	CHECK(listen(listener, 1) == 0);
	fds[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fds[0] >= 0 && connect(fds[0], &a.any, a.len) == 0);
	fds[1] = accept(listener, NULL, NULL);
	CHECK(fds[1] >= 0);
	close_fd(listener);
	for (int i = 0; i < 2; i++) /* what is written is on its way when the call ends */
		CHECK(setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
	return object_inet_pair(fds[0]);
}

struct object *object_udp(int fds[2], int family)
{
	for (int i = 0; i < 2; i++)
		fds[i] = bound(family, SOCK_DGRAM);
	for (int i = 0; i < 2; i++) {
		struct address peer = address_of(fds[!i]);

		CHECK(connect(fds[i], &peer.any, peer.len) == 0);
	}
	return object_inet_pair(fds[0]);
}

void inet_directions(struct object *o, const int fds[2], uint64_t by_this, uint64_t by_other)
{
	bool first = is_first_end(fds[0]);

	fact_bytes(o, "sent_by_first", first ? by_this : by_other);
	fact_bytes(o, "sent_by_second", first ? by_other : by_this);
	fact_bytes(o, "received_by_first", first ? by_other : by_this);
	fact_bytes(o, "received_by_second", first ? by_this : by_other);
}

int op_inet_connect(struct object *o, int fd, const struct address *a)
{
	enter_call();
	return (int)sock_ended(o, OPEN, connect(fd, &a->any, a->len), false);
}

ssize_t op_inet_sendto(struct object *o, int fd, size_t n, int flags, const struct address *a)
{
	enter_call();
	return sock_ended(o, SEND, sendto(fd, payload(n), n, flags, &a->any, a->len), true);
}

void set_buffer(int fd, int option, int bytes)
{
	CHECK(setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes)) == 0);
}

uint64_t arrived(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t len = sizeof(memory);
	int bytes;

	if (protocol_of(fd)[0] == 't') {
		CHECK(ioctl(fd, FIONREAD, &bytes) == 0);
		return (uint64_t)bytes;
	}
	CHECK(getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &len) == 0); /* FIONREAD tells only the first datagram */
	return (uint64_t)memory[SK_MEMINFO_DROPS] << 32 | memory[SK_MEMINFO_RMEM_ALLOC];
}

void await_arrival(int fd, uint64_t before)
{
	while (arrived(fd) == before)
		sched_yield();
}

static struct tcp_info tcp_info(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0);
	return info;
}

void await_tcp(int fd, int state)
{
	while (tcp_info(fd).tcpi_state != state)
		sched_yield();
}

void await_backlog(int listener, unsigned connections)
{
	while (tcp_info(listener).tcpi_unacked < connections) /* sk_ack_backlog, see tcp_get_info() */
		sched_yield();
}
