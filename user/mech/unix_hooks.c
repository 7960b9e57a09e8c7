// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which kernel functions move bytes and descriptors through a UNIX socket; programs in bpf/unix*.bpf.[ch]. */
#include "mech/unix.h"

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

/* Exit hooks first: an operation without its beginning is still counted. */
const struct mech_hook unix_hooks[] = {
	{"unix_stream_send_exit", "unix_stream_sendmsg", .op = OP_SEND},
	{"unix_stream_recv_exit", "unix_stream_recvmsg", .op = OP_RECV},
	{"unix_dgram_send_exit", "unix_dgram_sendmsg", .op = OP_SEND},
	{"unix_dgram_recv_exit", "unix_dgram_recvmsg", .op = OP_RECV},
	{"unix_packet_send_exit", "unix_seqpacket_sendmsg", .op = OP_SEND},
	{"unix_packet_recv_exit", "unix_seqpacket_recvmsg", .op = OP_RECV},
	{"unix_connect_exit", "unix_stream_connect", .op = OP_OPEN},
	{"unix_dgram_connect_exit", "unix_dgram_connect", .op = OP_OPEN},
	{"unix_accept_exit", "unix_accept", .op = OP_OPEN},
	{"unix_release_exit", "unix_release_sock", PROFILE_ANY, .op = OP_CLOSE, .tells = UNSEEN_DESTRUCTION},
	{"unix_bind_exit", "unix_bind", .op = OP_CTL},
	{"unix_listen_exit", "unix_listen", .op = OP_CTL},
	{"unix_shutdown_exit", "unix_shutdown", .op = OP_CTL},
	{"unix_pair_exit", "sock_alloc_file", .op = OP_OPEN},
	{"unix_found", "unix_find_other", .op = -1},
	{"unix_stream_send_entry", "unix_stream_sendmsg", ENTRY, .op = -1, .begins = BEGINS(OP_SEND)},
	{"unix_stream_recv_entry", "unix_stream_recvmsg", ENTRY, .op = -1, .begins = BEGINS(OP_RECV)},
	{"unix_dgram_send_entry", "unix_dgram_sendmsg", .op = -1, .begins = BEGINS(OP_SEND)},
	{"unix_dgram_recv_entry", "unix_dgram_recvmsg", ENTRY, .op = -1, .begins = BEGINS(OP_RECV)},
	{"unix_packet_send_entry", "unix_seqpacket_sendmsg", ENTRY, .op = -1, .begins = BEGINS(OP_SEND)},
	{"unix_packet_recv_entry", "unix_seqpacket_recvmsg", ENTRY, .op = -1, .begins = BEGINS(OP_RECV)},
	{"unix_connect_entry", "unix_stream_connect", .op = -1, .begins = BEGINS(OP_OPEN)},
	{"unix_dgram_connect_entry", "unix_dgram_connect", .op = -1, .begins = BEGINS(OP_OPEN)},
	{"unix_accept_entry", "unix_accept", ENTRY, .op = -1, .begins = BEGINS(OP_OPEN)},
	{"unix_release_entry", "unix_release_sock", PROFILE_ANY, .op = -1, .begins = BEGINS(OP_CLOSE)},
	{"unix_shutdown_entry", "unix_shutdown", ENTRY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"unix_splice_exit", "unix_stream_splice_read", .op = OP_RECV, .optional = true,
	 .without = "bytes received by splice"},
	{"unix_splice_entry", "unix_stream_splice_read", ENTRY, .op = -1, .begins = BEGINS(OP_RECV), .optional = true,
	 .without = "waits in splice"},
	{"unix_sendpage_exit", "unix_stream_sendpage", .op = OP_SEND, .optional = true},
	{"unix_sendpage_entry", "unix_stream_sendpage", ENTRY, .op = -1, .begins = BEGINS(OP_SEND), .optional = true},
	{"unix_fds_taken", "__scm_send", PROFILE_ANY, .op = -1, .optional = true, .without = "descriptors and credentials passed"},
	{"unix_fds_given", "scm_detach_fds", PROFILE_ANY, .op = -1, .optional = true, .without = "descriptors received"},
	{"unix_credentials_given", "put_cmsg", PROFILE_ANY, .op = -1, .optional = true, .without = "credentials received"},
	{"unix_buffer_filled", "skb_copy_datagram_from_iter", PROFILE_RESIDENCY, .op = -1, .optional = true,
	 .without = "residency"},
	{"unix_waited_for_peer", "unix_wait_for_peer", PROFILE_RESIDENCY, .op = -1, .optional = true},
	{"unix_buffer_freed", "sock_wfree", PROFILE_RESIDENCY, .op = -1, .optional = true, .without = "residency"},
	{.program = NULL},
};
