/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loopback sockets, the objects that they are on, and calls that count themselves. */
#ifndef LAB_INET_H
#define LAB_INET_H

#include "lab/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* ::1 for AF_INET6, else 127.0.0.1; port 0: any. */
struct address loopback(int family, unsigned port);
struct address address_of(int fd); /* its own, getsockname(2) */
unsigned port_of(const struct address *a);

/* A listener with its object, on any port; UDP: a bound receiver. */
struct object *object_listener(int *fd, int family, int backlog);
struct object *object_receiver(int *fd, int family);
/* Whatever is at an address where nobody listens or receives. protocol: "tcp", "udp" */
struct object *object_address(const char *protocol, const struct address *a);
/* The pair that a connected socket is an end of. */
struct object *object_inet_pair(int fd);
/* A TCP connection: fds[0] has connected, fds[1] was accepted. Its listener is not among the objects. */
struct object *object_tcp(int fds[2], int family);
/* Two UDP sockets connected to each other. */
struct object *object_udp(int fds[2], int family);
bool is_first_end(int fd); /* the one with the lower port */
/* Bytes sent and all received: by the end fds[0] and by the other one. */
void inet_directions(struct object *o, const int fds[2], uint64_t by_this, uint64_t by_other);

int op_inet_connect(struct object *o, int fd, const struct address *a);
ssize_t op_inet_sendto(struct object *o, int fd, size_t n, int flags, const struct address *a);
void set_buffer(int fd, int option, int bytes); /* SO_SNDBUF, SO_RCVBUF */

/*
 * What delivers on loopback is a softirq: mostly of the sender's own call, before that returns, and ksoftirqd's, later,
 * where that runs (do_softirq()). Who says of a receiver that it does not wait waits here first.
 */
#define ARRIVES(fd, call)                       \
	do {                                    \
		uint64_t before_ = arrived(fd); \
		call;                           \
		await_arrival(fd, before_);     \
	} while (0)
uint64_t arrived(int fd);                   /* changes with all that comes, or is thrown away */
void await_arrival(int fd, uint64_t before); /* until that is not what it was */
void await_backlog(int listener, unsigned connections);
void await_tcp(int fd, int state);	    /* TCP_ESTABLISHED, TCP_CLOSE, ... */

#endif
