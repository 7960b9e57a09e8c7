// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about UNIX domain sockets. */
#include "lab/unix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { FIRST, SECOND, OTHER };

static struct object *o, *packets, *datagrams, *pipe_object;
static int fds[2], packet_fds[2], datagram_fds[2], pipe_fds[2], listener = -1, mine = -1;

static void one_pair(void)
{
	o = object_pair(fds, SOCK_STREAM);
}

static void own_end(unsigned who)
{
	if (who != FIRST)
		close_fd(fds[0]);
	if (who != SECOND)
		close_fd(fds[1]);
}

static void first_sends_41(void)
{
	must_sock_send(o, fds[0], 41);
}

static void second_receives_41(void)
{
	must_sock_recv(o, fds[1], 200, 41);
}

/* ---- unix-duplex ---- */

static void second_sends_59(void)
{
	must_sock_send(o, fds[1], 59);
}

static void first_receives_59(void)
{
	must_sock_recv(o, fds[0], 200, 59);
}

static void judge_duplex(const struct evidence *e, struct verdict *v)
{
	if (num(e, "ends") == 2 && num(e, "sum_in") == 100 && num(e, "sum_out") == 100 && num(e, "by_first") == 41 &&
	    num(e, "by_second") == 59)
		holds(v, e, "{ends} processes sent on one pair: one {by_first} bytes, the other {by_second}; {sum_out} of {sum_in} came out");
	else
		refuted(v, e, "{ends} processes sent: {by_first} and {by_second} bytes; {sum_out} of {sum_in} came out");
}

/* ---- unix-bind-inode ---- */

static void bind_both(void)
{
	static char abstract[64];

	o = object_bound(&listener, SOCK_STREAM, scratch_path(stage_name()), 3);
	snprintf(abstract, sizeof(abstract), "@ipctrace-%d", getpid());
	packets = object_bound(&mine, SOCK_STREAM, abstract, 3);
}

static void nothing(void)
{
}

static void judge_bind_inode(const struct evidence *e, struct verdict *v)
{
	if (word(e, "path")[0] == '/' && word(e, "abstract")[0] == '@' && !strncmp(word(e, "socket"), "unix:[", 6))
		holds(v, e, "bound to a path: {socket}, with an inode of its own, found as {path}; an abstract name is there without any "
			    "file: {abstract}");
	else
		refuted(v, e, "found as '{path}' and '{abstract}'");
}

/* ---- unix-listen-accept ---- */

static const char *address;

static void listen_at_path(void)
{
	address = scratch_path(stage_name());
	o = object_bound(&listener, SOCK_STREAM, address, 3);
	uncertain(o, OPEN, OPS);
	uncertain(o, CTL, OPS);
}

static void connect_it(void)
{
	mine = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(mine >= 0 && op_connect(o, mine, address) == 0);
}

static void accept_one(void)
{
	CHECK(op_accept(o, listener) >= 0);
}

static void judge_listen_accept(const struct evidence *e, struct verdict *v)
{
	if (num(e, "waiting") == 2 && num(e, "then") == 1 && num(e, "connects") == 2 && num(e, "state") == 10)
		holds(v, e, "{connects} connects returned before any accept: {waiting} connections wait at the listener; an accept took one, "
			    "as a socket of its own, and left {then}");
	else
		refuted(v, e, "{connects} connects, {waiting} waiting before the accept, {then} after it, state {state}");
}

/* ---- unix-copies ---- */

static void judge_copies(const struct evidence *e, struct verdict *v)
{
	if (num(e, "in") == 41 && num(e, "out") == 41 && num(e, "buffers"))
		holds(v, e, "{in} bytes copied in, {out} out; between the two they lay in {buffers} buffer in the kernel");
	else
		refuted(v, e, "{in} bytes copied in, {out} out, {buffers} buffers between");
}

/* ---- unix-scm-rights ---- */

static void pair_and_pipe(void)
{
	one_pair();
	CHECK(pipe2(pipe_fds, 0) == 0);
	close_fd(pipe_fds[0]);
	close_fd(pipe_fds[1]);
	pipe_object = object_pipe(pipe_fds, 0);
}

static void own_end_and_pipe(unsigned who)
{
	own_end(who);
	if (who == SECOND) {
		close_fd(pipe_fds[0]);
		close_fd(pipe_fds[1]);
	}
}

static void send_write_end(void)
{
	CHECK(op_sendfds(o, fds[0], &pipe_fds[1], 1) == 1);
}

static void receive_write_end(void)
{
	CHECK(op_recvfds(o, fds[1], &mine, 1) == 1);
}

static void write_to_it(void)
{
	must_write(pipe_object, mine, 37);
}

static void judge_scm_rights(const struct evidence *e, struct verdict *v)
{
	if (num(e, "flight") == 1 && num(e, "sent") == 1 && num(e, "received") == 1 && !num(e, "then") && num(e, "through") == 37)
		holds(v, e, "{sent} descriptor sent: {flight} in flight; received: {received}, {then} in flight. The receiver had no end of the "
			    "pipe, and wrote {through} bytes to that very pipe through what it got");
	else
		refuted(v, e, "{sent} sent, {flight} in flight, {received} received, then {then} in flight; {through} bytes reached the pipe");
}

/* ---- unix-borders ---- */

static void three_pairs(void)
{
	one_pair();
	datagrams = object_pair(datagram_fds, SOCK_DGRAM);
	packets = object_pair(packet_fds, SOCK_SEQPACKET);
}

static void send_41_59(void)
{
	static const size_t sizes[] = {41, 59};

	for (int i = 0; i < 2; i++) {
		must_sock_send(o, fds[0], sizes[i]);
		must_sock_send(datagrams, datagram_fds[0], sizes[i]);
		must_sock_send(packets, packet_fds[0], sizes[i]);
	}
}

static void receive_all(void)
{
	must_sock_recv(o, fds[1], 200, 100);
	must_sock_recv(datagrams, datagram_fds[1], 200, 41);
	must_sock_recv(datagrams, datagram_fds[1], 200, 59);
	must_sock_recv(packets, packet_fds[1], 200, 41);
	must_sock_recv(packets, packet_fds[1], 200, 59);
}

static void judge_borders(const struct evidence *e, struct verdict *v)
{
	if (num(e, "stream") == 100 && num(e, "datagram") == 41 && num(e, "datagram_2") == 59 && num(e, "packet") == 41 &&
	    num(e, "packet_2") == 59)
		holds(v, e, "sent 41 and 59 bytes; received with room for 200: stream {stream}; datagram {datagram} and {datagram_2}; "
			    "seqpacket {packet} and {packet_2}");
	else
		refuted(v, e, "sent 41 and 59 bytes; received: stream {stream}; datagram {datagram}, {datagram_2}; seqpacket {packet}, "
			      "{packet_2}");
}

/* ---- unix-full ---- */

static void small_pair(void)
{
	int room = 8192;

	one_pair();
	CHECK(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == 0);
}

static void fill(void)
{
	while (op_send(o, fds[0], 1009, MSG_DONTWAIT) > 0)
		;
	CHECK(errno == EAGAIN);
}

static void send_more(void)
{
	must_sock_send(o, fds[0], 1009);
}

static void drain_it(void)
{
	while (op_recv(o, fds[1], 1009, MSG_DONTWAIT) > 0)
		;
	CHECK(errno == EAGAIN);
}

static void judge_full(const struct evidence *e, struct verdict *v)
{
	if (num(e, "eagain") == 1 && num(e, "asleep") == 1 && num(e, "full") == 1 && num(e, "in") > 0)
		holds(v, e, "{in} bytes went in before EAGAIN; then the sender slept {wait_ns/1000} us, cause 'full', until the receiver had "
			    "made room");
	else
		refuted(v, e, "{in} bytes went in; EAGAIN {eagain} times, {asleep} asleep, {full} waits for 'full'");
}

/* ---- unix-peer-gone ---- */

static void two_pairs(void)
{
	one_pair();
	packets = object_pair(packet_fds, SOCK_STREAM);
}

/* The first end is another's, too, who shall die of it. */
static void own_ends(unsigned who)
{
	if (who == SECOND || who == DIRECTOR) {
		close_fd(fds[0]);
		close_fd(packet_fds[0]);
	}
	if (who != SECOND) {
		close_fd(fds[1]);
		close_fd(packet_fds[1]);
	}
	if (who == OTHER)
		watched("signal", "signal:[%d:SIGPIPE]", getpid());
}

static void send_and_die(void)
{
	count(o, SEND, OPS, 1);
	count_error(o, SEND, EPIPE);
	enter_call();
	(void)!send(fds[0], payload(41), 41, 0);
	FAIL("the sender survived");
}

static void send_unread(void)
{
	must_sock_send(packets, packet_fds[0], 41);
}

static void close_both(void)
{
	close_fd(fds[1]);
	close_fd(packet_fds[1]);
}

static void send_to_nobody(void)
{
	CHECK(op_send(o, fds[0], 41, 0) == -1 && errno == EPIPE);
}

static void receive_reset(void)
{
	CHECK(op_recv(packets, packet_fds[0], 200, 0) == -1 && errno == ECONNRESET);
}

static void judge_peer_gone(const struct evidence *e, struct verdict *v)
{
	if (num(e, "lived") == 1 && num(e, "epipe") == 2 && num(e, "reset") == 1 && num(e, "killed") == 1 &&
	    strcmp(word(e, "sender"), "process"))
		holds(v, e, "a send to the closed peer: EPIPE, {lived} time with MSG_NOSIGNAL. Without it EPIPE, too ({epipe} in all), and a "
			    "SIGPIPE from no process ('{sender}'), of which the sender died. Where the peer had closed with bytes unread: "
			    "{reset} ECONNRESET for the receive");
	else
		refuted(v, e, "{lived} EPIPE with MSG_NOSIGNAL, {epipe} in all; {killed} SIGPIPE, sent by '{sender}'; {reset} ECONNRESET");
}

static const struct experiment experiments[] = {
	{
		.id = "unix-duplex",
		.claim = "both directions on one connection",
		.said_by = "D1 D4 D5", .mechs = "unix", .cast = {"first", "second"}, .set = one_pair, .enter = own_end,
		.steps = {
			{"sends 41 bytes", first_sends_41, FIRST},
			{"sends 59 bytes", second_sends_59, SECOND},
			{"receives them", second_receives_41, SECOND},
			{"receives them", first_receives_59, FIRST},
		},
		.figures = {
			{"ends", "processes that sent", "endpoints.role=send.#"},
			{"by_first", "bytes that the first sent", "events.op=send.comm=first.+result"},
			{"by_second", "bytes that the second sent", "events.op=send.comm=second.+result"},
			{"sum_in", "bytes in, both ways", "send.bytes"},
			{"sum_out", "bytes out, both ways", "recv.bytes"},
		},
		.judge = judge_duplex,
	},
	{
		.id = "unix-bind-inode",
		.claim = "bind makes an address and a socket inode",
		.said_by = "D5", .mechs = "unix", .cast = {"server"}, .set = bind_both,
		.steps = {{"has bound one socket to a path, one to an abstract name", nothing, FIRST}},
		.figures = {
			{"socket", "the first socket", "id"},
			{"path", "what it is bound to", "name"},
			{"abstract", "what the second is bound to", "name", .object = 1},
			{"state", "state of the first: 10 is listening", "internals.state"},
		},
		.judge = judge_bind_inode,
	},
	{
		.id = "unix-listen-accept",
		.claim = "listen queues, connect pairs, accept returns a new socket",
		.said_by = "D1 D5", .mechs = "unix", .cast = {"server", "client-1", "client-2"}, .set = listen_at_path,
		.steps = {
			{"connects", connect_it, SECOND},
			{"connects", connect_it, OTHER},
			{"accepts one", accept_one, FIRST},
		},
		.figures = {
			{"state", "state: 10 is listening", "internals.state"},
			{"connects", "connections made to it", "internals.connects", 2},
			{"waiting", "connections that wait to be accepted", "internals.first_buffers", 2},
			{"then", "after an accept", "internals.first_buffers", 3},
		},
		.judge = judge_listen_accept,
	},
	{
		.id = "unix-copies",
		.claim = "data goes through kernel socket buffers: two copies",
		.said_by = "D1 D5", .mechs = "unix", .cast = {"first", "second"}, .set = one_pair, .enter = own_end,
		.steps = {
			{"sends 41 bytes", first_sends_41, FIRST},
			{"receives them", second_receives_41, SECOND},
		},
		.figures = {
			{"in", "bytes copied into the kernel", "send.copied_bytes"},
			{"out", "bytes copied out", "recv.copied_bytes"},
			{"buffers", "buffers that waited between", "depth.slots", 1},
		},
		.judge = judge_copies,
	},
	{
		.id = "unix-scm-rights",
		.claim = "open files travel in control messages; the receiver's number differs, the file is the same",
		.said_by = "D5", .mechs = "unix,pipe", .cast = {"first", "second"}, .set = pair_and_pipe, .enter = own_end_and_pipe,
		.steps = {
			{"sends the write end of a pipe (SCM_RIGHTS)", send_write_end, FIRST},
			{"has no end of the pipe, and receives it", receive_write_end, SECOND},
			{"writes 37 bytes to what it got", write_to_it, SECOND},
		},
		.figures = {
			{"sent", "descriptors sent", "internals.fds_sent", 1},
			{"flight", "in flight", "internals.fds_in_flight", 1},
			{"received", "descriptors received", "internals.fds_received", 2},
			{"then", "in flight then", "internals.fds_in_flight", 2},
			{"through", "bytes the receiver wrote to the pipe", "events.op=send.comm=second.+result", .object = 1},
		},
		.judge = judge_scm_rights,
	},
	{
		.id = "unix-borders",
		.claim = "stream has none, datagram and seqpacket keep them",
		.said_by = "D1", .mechs = "unix", .cast = {"first", "second"}, .set = three_pairs,
		.steps = {
			{"sends 41 and 59 bytes through each of three pairs", send_41_59, FIRST},
			{"receives from each with room for 200", receive_all, SECOND},
		},
		.figures = {
			{"stream", "bytes of the stream's receive", "events.op=recv.0.result"},
			{"datagram", "of the first receive of datagrams", "events.op=recv.0.result", .object = 1},
			{"datagram_2", "of the second", "events.op=recv.1.result", .object = 1},
			{"packet", "of the first receive of packets", "events.op=recv.0.result", .object = 2},
			{"packet_2", "of the second", "events.op=recv.1.result", .object = 2},
		},
		.judge = judge_borders,
	},
	{
		.id = "unix-full",
		.claim = "a slow receiver blocks the sender",
		.said_by = "D1", .mechs = "unix", .cast = {"first", "second"}, .set = small_pair, .enter = own_end,
		.steps = {
			{"sends 1009 bytes at a time until EAGAIN", fill, FIRST},
			{"sends more without MSG_DONTWAIT, and sleeps", send_more, FIRST, .sleeps_in = ASLEEP_IN(SYS_sendto)},
			{"receives all there is", drain_it, SECOND, .ends = ACTOR(FIRST)},
		},
		.figures = {
			{"in", "bytes in before EAGAIN", "send.bytes", 1},
			{"eagain", "sends that ended in EAGAIN", "send.errors.EAGAIN"},
			{"asleep", "senders asleep", "waiting.op=send.#", 2},
			{"full", "waits for the cause 'full'", "send.causes.full"},
			{"wait_ns", "nanoseconds asleep", "send.wait_ns"},
		},
		.judge = judge_full,
	},
	{
		.id = "unix-peer-gone",
		.claim = "writing to a gone peer: EPIPE or ECONNRESET, and SIGPIPE",
		.said_by = "D1", .mechs = "unix,signal", .cast = {"first", "second", "another"}, .set = two_pairs, .enter = own_ends,
		.steps = {
			{"sends 41 bytes through the second pair", send_unread, FIRST},
			{"closes its end of both, without reading", close_both, SECOND},
			{"sends through the first pair (MSG_NOSIGNAL): EPIPE", send_to_nobody, FIRST},
			{"receives from the second: ECONNRESET", receive_reset, FIRST},
			{"sends through the first pair, without it", send_and_die, OTHER, .kills = true},
		},
		.figures = {
			{"lived", "EPIPE, with MSG_NOSIGNAL", "send.errors.EPIPE", 3},
			{"epipe", "EPIPE, of all", "send.errors.EPIPE"},
			{"killed", "SIGPIPE sent to who did without", "send.ops", .object = 2},
			{"sender", "what sent it", "endpoints.role=send.0.kind", .object = 2},
			{"reset", "receives that ended in ECONNRESET", "recv.errors.ECONNRESET", .object = 1},
		},
		.judge = judge_peer_gone,
	},
};

const struct family family_unix = {"unix", "UNIX domain sockets", experiments, sizeof(experiments) / sizeof(experiments[0])};
