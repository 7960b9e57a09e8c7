// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which kernel functions move bytes through loopback sockets; programs in bpf/inet*.bpf.[ch]. */
#include "mech/inet.h"

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

/* Exit hooks first: an operation without its beginning is still counted. */
const struct mech_hook inet_hooks[] = {
	{"inet_send_exit", "inet_sendmsg", .op = OP_SEND},
	{"inet_recv_exit", "inet_recvmsg", .op = OP_RECV},
	{"inet6_send_exit", "inet6_sendmsg", .op = OP_SEND, .optional = true, .without = "IPv6 sends"},
	{"inet6_recv_exit", "inet6_recvmsg", .op = OP_RECV, .optional = true, .without = "IPv6 receives"},
	{"inet_connect_exit", "inet_stream_connect", .op = OP_OPEN},
	{"inet_dgram_connect_exit", "inet_dgram_connect", .op = OP_OPEN},
	{"inet_accept_exit", "inet_accept", .op = OP_OPEN},
	{"inet_release_exit", "inet_release", PROFILE_ANY, .op = OP_CLOSE, .tells = UNSEEN_DESTRUCTION},
	{"inet_bind_exit", "inet_bind", .op = OP_CTL},
	{"inet6_bind_exit", "inet6_bind", .op = OP_CTL, .optional = true, .without = "IPv6 bind"},
	{"inet_listen_exit", "inet_listen", .op = OP_CTL},
	{"inet_shutdown_exit", "inet_shutdown", .op = OP_CTL},
	{"inet_datagram_dropped", "__udp_enqueue_schedule_skb", PROFILE_ANY, .op = -1},
	{"inet_datagram_taken", "__skb_recv_udp", .op = -1},
	{"inet_send_entry", "inet_sendmsg", ENTRY, .op = -1, .begins = BEGINS(OP_SEND)},
	{"inet_recv_entry", "inet_recvmsg", .op = -1, .begins = BEGINS(OP_RECV)},
	{"inet6_send_entry", "inet6_sendmsg", ENTRY, .op = -1, .begins = BEGINS(OP_SEND), .optional = true,
	 .without = "waits in IPv6 sends"},
	{"inet6_recv_entry", "inet6_recvmsg", .op = -1, .begins = BEGINS(OP_RECV), .optional = true,
	 .without = "waits in IPv6 receives"},
	{"inet_connect_entry", "inet_stream_connect", .op = -1, .begins = BEGINS(OP_OPEN)},
	{"inet_dgram_connect_entry", "inet_dgram_connect", .op = -1, .begins = BEGINS(OP_OPEN)},
	{"inet_accept_entry", "inet_accept", ENTRY, .op = -1, .begins = BEGINS(OP_OPEN)},
	{"inet_release_entry", "inet_release", PROFILE_ANY, .op = -1, .begins = BEGINS(OP_CLOSE)},
	{"inet_shutdown_entry", "inet_shutdown", ENTRY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"inet_sender_waits", "sk_stream_wait_memory", ENTRY, .op = -1, .optional = true,
	 .without = "which waits of senders were for the peer's window"},
	{"inet_splice_exit", "tcp_splice_read", .op = OP_RECV, .optional = true, .without = "bytes received by splice"},
	{"inet_splice_entry", "tcp_splice_read", ENTRY, .op = -1, .begins = BEGINS(OP_RECV), .optional = true,
	 .without = "waits in splice"},
	{"inet_sendpage_exit", "inet_sendpage", .op = OP_SEND, .optional = true},
	{"inet_sendpage_entry", "inet_sendpage", ENTRY, .op = -1, .begins = BEGINS(OP_SEND), .optional = true},
	{.program = NULL},
};
