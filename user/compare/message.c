// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whole messages, by the operations of a transport. */
#include <errno.h>
#include <sched.h>

#include "compare/pair.h"
#include "compare/payload.h"

static size_t part_of(const struct channel *c, size_t left)
{
	return c->part && c->part < left ? c->part : left;
}

static char *room(struct pair *p, bool wait, int *error)
{
	return p->transport->room ? p->transport->room(&p->channel, wait, error) : p->buffer;
}

ssize_t message_try(struct pair *p, uint64_t seq, bool wait)
{
	struct channel *c = &p->channel;
	int error = 0;
	char *buf = room(p, wait, &error);

	if (!buf)
		return error;
	payload_make(buf, part_of(c, c->size), seq);
	return p->transport->send(c, buf, part_of(c, c->size), wait);
}

int message_send(struct pair *p, uint64_t seq)
{
	struct channel *c = &p->channel;
	int error = 0;
	char *buf = room(p, true, &error);

	if (!buf)
		return error;
	payload_make(buf, c->size, seq);
	for (size_t done = 0; done < c->size;) {
		ssize_t n = p->transport->send(c, buf + done, part_of(c, c->size - done), true);

		if (n == -EAGAIN) {
			p->control->end[SENDER].refused++;
			sched_yield();
		} else if (n < 0) {
			return n;
		} else {
			done += n;
		}
	}
	return 0;
}

ssize_t message_take(struct pair *p)
{
	struct channel *c = &p->channel;
	int error = 0;

	if (p->transport->receive)
		return p->transport->receive(c, p->buffer, part_of(c, c->size));
	if (!p->transport->arrival(c, &error))
		return error;
	error = p->transport->taken(c);
	return error ? error : (ssize_t)c->size;
}

/* It lies where the sender made it. */
static int receive_in_place(struct pair *p, uint64_t seq, uint64_t *when)
{
	struct end_report *report = &p->control->end[RECEIVER];
	int error = 0;
	const char *buf = p->transport->arrival(&p->channel, &error);

	if (!buf)
		return error;
	*when = pair_now_ns();
	report->wrong += !payload_right(buf, p->channel.size, seq);
	return p->transport->taken(&p->channel);
}

int message_receive(struct pair *p, uint64_t seq, uint64_t *when)
{
	struct channel *c = &p->channel;
	struct end_report *report = &p->control->end[RECEIVER];

	if (p->transport->arrival) {
		int err = receive_in_place(p, seq, when);

		if (err)
			return err;
	} else {
		for (size_t done = 0; done < c->size;) {
			ssize_t n = p->transport->receive(c, p->buffer + done, c->size - done);

			if (n <= 0)
				return n ? n : -EPIPE;
			done += n;
		}
		*when = pair_now_ns();
		report->wrong += !payload_right(p->buffer, c->size, seq);
	}
	report->messages++;
	report->bytes += c->size;
	return 0;
}

/* Parts come in order, or not at all: one that is of a later message ends the one before, whole or not. */
int message_receive_some(struct pair *p, bool gives_up)
{
	struct channel *c = &p->channel;
	struct pair_control *ctl = p->control;
	struct end_report *report = &ctl->end[RECEIVER];
	uint64_t under_way = UINT64_MAX, seq;
	size_t done = 0, offset;

	while (done < c->size) {
		ssize_t n = p->transport->receive(c, p->buffer, part_of(c, c->size));

		if (n == -EAGAIN && !gives_up && !ctl->finished[SENDER])
			continue;
		if (n == -EAGAIN || n == 0)
			return 1;
		if (n < 0)
			return n;
		payload_where(p->buffer, &seq, &offset);
		/* whatever its first bytes are, they name some message: it must be one that was begun */
		if (!payload_part_right(p->buffer, n, seq, offset) || seq > ctl->end[SENDER].messages) {
			report->wrong++;
			continue;
		}
		done = seq == under_way && offset == done ? done + n : offset ? 0 : (size_t)n;
		under_way = done ? seq : UINT64_MAX;
	}
	report->end_ns = pair_now_ns();
	report->messages++;
	report->bytes += c->size;
	return 0;
}
