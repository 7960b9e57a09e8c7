// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about sockets of the Internet protocols, over loopback. */
#include "lab/inet.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { CLIENT, SERVER };

static struct object *stream, *datagrams;
static int stream_fds[2], datagram_fds[2], receiver, sender;
static struct address address;

static void own_end(unsigned who)
{
	if (who != CLIENT) {
		close_fd(stream_fds[0]);
		close_fd(datagram_fds[0]);
	}
	if (who != SERVER) {
		close_fd(stream_fds[1]);
		close_fd(datagram_fds[1]);
	}
}

/* ---- inet-same-api ---- */

static void two_connections(void)
{
	stream = object_tcp(stream_fds, AF_INET);
	datagrams = object_udp(datagram_fds, AF_INET6);
}

static void ask(void)
{
	must_write(stream, stream_fds[0], 41);
	must_write(datagrams, datagram_fds[0], 43);
}

static void answer(void)
{
	must_read(stream, stream_fds[1], 200, 41);
	must_read(datagrams, datagram_fds[1], 200, 43);
	must_sock_send(stream, stream_fds[1], 59);
	must_sock_send(datagrams, datagram_fds[1], 61);
}

static void take_answers(void)
{
	must_sock_recv(stream, stream_fds[0], 200, 59);
	must_sock_recv(datagrams, datagram_fds[0], 200, 61);
}

static void judge_same_api(const struct evidence *e, struct verdict *v)
{
	if (strncmp(word(e, "tcp"), "tcp:127.", 8) || strncmp(word(e, "udp"), "udp:[::1]:", 10))
		refuted(v, e, "found as '{tcp}' and '{udp}'");
	else if (num(e, "tcp_there") == 41 && num(e, "tcp_back") == 59 && num(e, "udp_there") == 43 && num(e, "udp_back") == 61 &&
		 num(e, "tcp_in") == 100 && num(e, "udp_in") == 104)
		limited(v, e, "write, read, send and recv passed {tcp_there} and {tcp_back} bytes by {tcp}, {udp_there} and {udp_back} by "
			      "{udp}. Both ends are on this machine: between machines was not tried");
	else
		refuted(v, e, "TCP: {tcp_there} bytes there and {tcp_back} back, {tcp_in} received; UDP: {udp_there}, {udp_back}, {udp_in}");
}

/* ---- inet-loss ---- */

#define DATAGRAMS 101

static void stream_and_receiver(void)
{
	stream = object_tcp(stream_fds, AF_INET);
	set_buffer(stream_fds[0], SO_SNDBUF, 65537);
	datagrams = object_receiver(&receiver, AF_INET);
	address = address_of(receiver);
	set_buffer(receiver, SO_RCVBUF, 16384);
	sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(sender >= 0);
}

static void overfill_stream(void)
{
	while (op_send(stream, stream_fds[0], 262139, MSG_DONTWAIT) > 0)
		;
	CHECK(errno == EAGAIN);
	CHECK(op_shutdown(stream, stream_fds[0], SHUT_WR) == 0);
}

static void drain_stream(void)
{
	drain(stream, stream_fds[1], 65521);
}

static void overfill_receiver(void)
{
	for (int i = 0; i < DATAGRAMS; i++)
		CHECK(op_inet_sendto(datagrams, sender, 1009, 0, &address) == 1009);
}

static void drain_receiver(void)
{
	while (op_recv(datagrams, receiver, 1009, MSG_DONTWAIT) > 0)
		;
	CHECK(errno == EAGAIN);
}

static void judge_loss(const struct evidence *e, struct verdict *v)
{
	int64_t received = num(e, "received") - num(e, "eagain_recv"), lost = num(e, "sent") - received;

	if (!num(e, "eagain") || num(e, "in") != num(e, "out") || !num(e, "in") || lost <= 0 || lost != num(e, "drops"))
		refuted(v, e, "TCP: {in} bytes in, {out} out, EAGAIN {eagain} times; UDP: {sent} datagrams sent, %lld received, {drops} dropped",
			(long long)received);
	else
		holds(v, e, "with TCP the sender was held up (EAGAIN) and {out} of {in} bytes came out. With UDP all {sent} datagrams were "
			    "taken from the sender; %lld were received and {drops} dropped at the full receive buffer, which nobody was told",
		      (long long)received);
}

static const struct experiment experiments[] = {
	{
		.id = "inet-same-api",
		.claim = "the same calls work between machines, tried here over loopback",
		.said_by = "D1 D2 D4", .mechs = "inet", .cast = {"client", "server"}, .set = two_connections, .enter = own_end,
		.steps = {
			{"writes 41 bytes to a TCP connection, 43 to UDP over IPv6", ask, CLIENT},
			{"reads both, and sends 59 and 61 bytes back", answer, SERVER},
			{"receives both", take_answers, CLIENT},
		},
		.figures = {
			{"tcp", "the TCP connection", "name"},
			{"tcp_there", "bytes that the client sent", "events.op=send.comm=client.+result"},
			{"tcp_back", "bytes that the server sent", "events.op=send.comm=server.+result"},
			{"tcp_in", "bytes received, both ways", "recv.bytes"},
			{"udp", "the UDP sockets", "name", .object = 1},
			{"udp_there", "bytes that the client sent", "events.op=send.comm=client.+result", .object = 1},
			{"udp_back", "bytes that the server sent", "events.op=send.comm=server.+result", .object = 1},
			{"udp_in", "bytes received, both ways", "recv.bytes", .object = 1},
		},
		.judge = judge_same_api,
	},
	{
		.id = "inet-loss",
		.claim = "a stream loses nothing, datagrams may be dropped",
		.said_by = "D1", .mechs = "inet", .cast = {"sender", "receiver"}, .set = stream_and_receiver,
		.steps = {
			{"sends to a TCP connection until EAGAIN; shutdown()", overfill_stream, CLIENT},
			{"reads to the end", drain_stream, SERVER},
			{"sends 101 datagrams of 1009 bytes", overfill_receiver, CLIENT},
			{"receives all that are there", drain_receiver, SERVER},
		},
		.figures = {
			{"eagain", "sends of the stream that were refused", "send.errors.EAGAIN"},
			{"in", "bytes in, of the stream", "send.bytes"},
			{"out", "bytes out", "recv.bytes"},
			{"sent", "datagrams sent", "send.ops", .object = 1},
			{"received", "receives", "recv.ops", .object = 1},
			{"eagain_recv", "of them those that found nothing", "recv.errors.EAGAIN", .object = 1},
			{"drops", "datagrams thrown away by the kernel", "internals.drops", .object = 1},
			{"rcvbuf", "room of the receiver's buffer", "internals.first_rcvbuf", .object = 1, .optional = true},
		},
		.judge = judge_loss,
	},
};

const struct family family_inet = {"inet", "loopback sockets", experiments, sizeof(experiments) / sizeof(experiments[0])};
