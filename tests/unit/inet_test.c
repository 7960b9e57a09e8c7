// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What loopback sockets are called: names made and read, and the same id from both ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mech/inet.h"
#include "tap.h"

#define LOCAL4 {0, 0, 0xffff0000u, 0x0100007fu}
#define LOCAL6 {0, 0, 0, 0x01000000u}

static uint32_t own_net(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

static bool named(const struct inet_name *name, uint32_t net, const char *expected)
{
	struct ipc_object_id id = {.domain = net, .mech = MECH_INET};
	char raw[IPC_NAME_LEN] = {0}, text[IPC_NAME_LEN];

	memcpy(raw, name, sizeof(*name));
	inet_format_name(&id, raw, text, sizeof(text));
	if (strcmp(text, expected))
		printf("# %s\n", text);
	return !strcmp(text, expected);
}

static void test_names(void)
{
	struct inet_name pair = {.protocol = INET_TCP, .ends = 2, .port = {80, 40000}, .address = {LOCAL4, LOCAL4}};
	struct inet_name six = {.protocol = INET_UDP, .ends = 1, .port = {53}, .address = {LOCAL6}};

	ok(named(&pair, own_net(), "tcp:127.0.0.1:80-127.0.0.1:40000"), "a pair");
	ok(named(&six, own_net(), "udp:[::1]:53"), "a receiver");
	ok(named(&six, 17, "udp:[::1]:53@net:[17]"), "in another namespace");
}

static uint64_t parsed(const char *spec, uint32_t *net)
{
	struct ipc_object_id id;
	int err = inet_parse_id(spec, &id);

	*net = err ? 0 : id.domain;
	return err ? 0 : id.id;
}

static void test_parsed(void)
{
	uint64_t local = inet_fold4(0x0100007fu);
	uint32_t net, own = own_net();

	ok(parsed("tcp:127.0.0.1:80-127.0.0.1:40000", &net) == inet_pair_key(own, INET_TCP, local, 40000, local, 80) && net == own,
	   "either end first: the same pair");
	ok(parsed("tcp:127.0.0.1:40000-127.0.0.1:80", &net) == parsed("tcp:127.0.0.1:80-127.0.0.1:40000", &net), "read so, too");
	ok(parsed("udp:[::1]:53@net:[17]", &net) == inet_key(17, INET_UDP, 1ull << 56, 53) && net == 17, "a receiver elsewhere");
	ok(parsed("udp:0.0.0.0:53", &net) == inet_key(own, INET_UDP, INET_ANY4, 53), "any address");
	ok(parsed("udp:[::]:53", &net) == inet_key(own, INET_UDP, INET_ANY6, 53), "any of IPv6");
	ok(parsed("udp:[::ffff:127.0.0.1]:53", &net) == parsed("udp:127.0.0.1:53", &net), "IPv4 in IPv6's form");
	ok(parsed("inet:[17:abc]", &net) == 0xabc && net == 17, "an id");
	ok(parsed("tcp:127.0.0.1:80", &net) != parsed("udp:127.0.0.1:80", &net), "the protocol counts");
}

static void test_refused(void)
{
	static const char *const bad[] = {"tcp:", "tcp:80", "tcp:127.0.0.1", "tcp:127.0.0.1:", "tcp:127.0.0.1:80-", "tcp:127.0.0.1:70000",
					  "tcp:::1:80", "udp:[::1:53", "sctp:127.0.0.1:1", "tcp:127.0.0.1:80@net:[", "inet:[1]", "pipe:[1]", ""};
	struct ipc_object_id id;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(inet_parse_id(bad[i], &id) == -EINVAL, "no name: '%s'", bad[i]);
}

/* A socket of ours on any port of loopback. */
static int bound(int type, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, type, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd < 0 || bind(fd, (void *)address, len) || getsockname(fd, (void *)address, &len))
		return -1;
	return fd;
}

/* "socket:[INODE]" of a descriptor, read; 0: not found. */
static uint64_t of_inode(int fd)
{
	char spec[32];
	struct stat st;
	uint32_t net;

	if (fstat(fd, &st))
		return 0;
	snprintf(spec, sizeof(spec), "socket:[%llu]", (unsigned long long)st.st_ino);
	return parsed(spec, &net);
}

static uint64_t of_name(const char *protocol, const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	char spec[96];
	uint32_t net;

	snprintf(spec, sizeof(spec), b ? "%s:127.0.0.1:%u-127.0.0.1:%u" : "%s:127.0.0.1:%u", protocol, ntohs(a->sin_port),
		 b ? ntohs(b->sin_port) : 0);
	return parsed(spec, &net);
}

static void test_inodes(void)
{
	struct sockaddr_in listener, client, one, two;
	int listens = bound(SOCK_STREAM, &listener), connects = bound(SOCK_STREAM, &client);
	int first = bound(SOCK_DGRAM, &one), second = bound(SOCK_DGRAM, &two), accepted;
	struct ipc_object_id id;

	if (listens < 0 || connects < 0 || first < 0 || second < 0 || listen(listens, 1) ||
	    connect(connects, (void *)&listener, sizeof(listener)) || (accepted = accept(listens, NULL, NULL)) < 0) {
		ok(false, "sockets over loopback");
		return;
	}
	ok(of_inode(listens) == of_name("tcp", &listener, NULL), "a listener, by its inode");
	ok(of_inode(connects) == of_name("tcp", &listener, &client), "a connection, by the inode of who connected");
	ok(of_inode(accepted) == of_inode(connects), "and of who was accepted");
	ok(of_inode(first) == of_name("udp", &one, NULL), "a receiver");
	ok(!connect(first, (void *)&two, sizeof(two)) && of_inode(first) == of_name("udp", &one, NULL), "one that is not connected back");
	ok(!connect(second, (void *)&one, sizeof(one)) && of_inode(first) == of_name("udp", &one, &two), "two that are connected");
	ok(inet_parse_id("socket:[0]", &id) == -ENOENT, "no inode has the number 0");
	for (int fd = listens; fd <= accepted; fd++)
		close(fd);
}

int main(void)
{
	test_inodes();
	test_names();
	test_parsed();
	test_refused();
	return done_testing();
}
