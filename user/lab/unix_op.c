/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Socket calls that count themselves: one call is one attempt, one message of a sendmmsg is one. */
#include "lab/unix.h"
#include "lab/truth_store.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

uint64_t inode_of(int fd)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	return st.st_ino;
}

static struct object *object_of_inode(uint64_t inode)
{
	return object_new("unix", "unix:[%ju]", (uintmax_t)inode);
}

const char *end_of(const struct object *o, int fd)
{
	unsigned long long id;

	CHECK(sscanf(object_key(o), "unix:[%llu]", &id) == 1);
	return inode_of(fd) == id ? "first" : "second";
}

struct object *object_pair(int fds[2], int type)
{
	struct object *o;
	uint64_t a, b;

	CHECK(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) == 0);
	a = inode_of(fds[0]);
	b = inode_of(fds[1]);
	o = object_of_inode(a < b ? a : b);
	certain(o, OPEN, OPS);
	count(o, OPEN, OPS, 1);
	return o;
}

struct object *object_connected(int fd)
{
	return object_of_inode(inode_of(fd)); /* its first end, accepted or not */
}

/* "@name" is abstract. */
static socklen_t address(struct sockaddr_un *addr, const char *name)
{
	size_t len = strlen(name);

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	CHECK(len < sizeof(addr->sun_path));
	memcpy(addr->sun_path, name, len);
	if (name[0] != '@')
		return sizeof(*addr);
	addr->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

struct object *object_bound(int *fd, int type, const char *name, int backlog)
{
	struct sockaddr_un addr;
	socklen_t len = address(&addr, name);
	struct object *o;

	*fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	CHECK(*fd >= 0);
	o = object_of_inode(inode_of(*fd));
	o->opens_wait = type != SOCK_DGRAM;
	CHECK(bind(*fd, (void *)&addr, len) == 0);
	count(o, CTL, OPS, 1);
	if (backlog >= 0) {
		CHECK(listen(*fd, backlog) == 0);
		count(o, CTL, OPS, 1);
	}
	certain(o, OPEN, OPS);
	return o;
}

ssize_t op_sendto(struct object *o, int fd, size_t n, int flags, const char *name)
{
	struct sockaddr_un addr;
	socklen_t len = address(&addr, name);

	enter_call();
	return sock_ended(o, SEND, sendto(fd, payload(n), n, flags, (void *)&addr, len), true);
}

#define MAX_FDS 16

ssize_t op_sendfds(struct object *o, int fd, const int *fds, unsigned cnt)
{
	struct iovec iov = {payload(1), 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MAX_FDS)] = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
	struct cmsghdr *c = (void *)control;

	CHECK(cnt <= MAX_FDS);
	msg.msg_controllen = CMSG_SPACE(sizeof(int) * cnt);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * cnt);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * cnt);
	enter_call();
	return sock_ended(o, SEND, sendmsg(fd, &msg, 0), true);
}

ssize_t op_recvfds(struct object *o, int fd, int *fds, unsigned cnt)
{
	struct iovec iov = {payload(1), 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MAX_FDS)] = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
	struct cmsghdr *c = (void *)control;
	ssize_t ret;

	CHECK(cnt <= MAX_FDS);
	msg.msg_controllen = CMSG_SPACE(sizeof(int) * cnt);
	enter_call();
	ret = sock_ended(o, RECV, recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), true);
	CHECK(ret < 0 || (c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int) * cnt)));
	memcpy(fds, CMSG_DATA(c), sizeof(int) * cnt);
	return ret;
}

ssize_t op_sendcred(struct object *o, int fd, size_t n)
{
	struct iovec iov = {payload(n), n};
	struct ucred own = {getpid(), getuid(), getgid()};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(own))] = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = (void *)control;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(own));
	memcpy(CMSG_DATA(c), &own, sizeof(own));
	enter_call();
	return sock_ended(o, SEND, sendmsg(fd, &msg, 0), true);
}

ssize_t op_recvcred(struct object *o, int fd, size_t size)
{
	struct iovec iov = {payload(size), size};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))] = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = (void *)control;
	ssize_t ret;

	enter_call();
	ret = sock_ended(o, RECV, recvmsg(fd, &msg, 0), true);
	CHECK(ret < 0 || c->cmsg_type == SCM_CREDENTIALS);
	return ret;
}

int op_connect(struct object *o, int fd, const char *name)
{
	struct sockaddr_un addr;
	socklen_t len = address(&addr, name);

	enter_call();
	return (int)sock_ended(o, OPEN, connect(fd, (void *)&addr, len), false);
}
