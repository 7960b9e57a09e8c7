// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What loopback sockets are called: names made and read, and the same id from both ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

int main(void)
{
	test_names();
	test_parsed();
	test_refused();
	return done_testing();
}
