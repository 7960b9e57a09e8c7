// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Slots in a memory file that both have mapped, counted by two words in it. Who
 * finds them full or empty says so in a third, looks again and sleeps on what it
 * said; the other takes that back and wakes only whom it sees waiting. (To sleep
 * on the count would not do: who is late in taking back an earlier word takes back
 * this one, too, and wakes nobody.) All is in user space until then.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compare/transport.h"

#define BYTES 65536 /* as many as a pipe has, but at least two slots */

/* One side's word, on a cache line of its own. */
struct word {
	_Alignas(64) _Atomic uint32_t count; /* messages filled, or emptied; wraps */
	_Alignas(64) _Atomic uint32_t waited_for;
};

struct shared {
	struct word filled, emptied;
	_Alignas(64) char slots[];
};

static int open_slots(struct channel *c)
{
	int fd = memfd_create("ipctrace-compare", MFD_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	c->stride = (c->size + 63) / 64 * 64;
	c->slots = c->stride * 2 > BYTES ? 2 : BYTES / c->stride;
	c->memory_size = sizeof(struct shared) + c->slots * c->stride;
	if (ftruncate(fd, c->memory_size))
		err = -errno;
	if (!err)
		c->memory = mmap(NULL, c->memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (c->memory == MAP_FAILED)
		err = -errno;
	close(fd);
	return err;
}

static struct shared *shared(const struct channel *c)
{
	return (struct shared *)c->memory;
}

static char *slot(const struct channel *c)
{
	return shared(c)->slots + c->turn % c->slots * c->stride;
}

static long futex(struct channel *c, struct word *w, int op, uint32_t value)
{
	c->calls++;
	return syscall(SYS_futex, &w->waited_for, op, value, NULL, NULL, 0);
}

/* Sleeps, perhaps not at all, until the count may no longer be what it was. */
static int await(struct channel *c, struct word *w, uint32_t was)
{
	atomic_store(&w->waited_for, 1);
	if (atomic_load(&w->count) != was)
		return 0;
	if (futex(c, w, FUTEX_WAIT, 1) && errno != EAGAIN)
		return -errno;
	return 0;
}

static void advance(struct channel *c, struct word *w)
{
	atomic_fetch_add(&w->count, 1);
	c->turn++;
	if (atomic_load_explicit(&w->waited_for, memory_order_seq_cst) && atomic_exchange(&w->waited_for, 0))
		futex(c, w, FUTEX_WAKE, 1);
}

static char *room(struct channel *c, bool wait, int *error)
{
	struct shared *s = shared(c);
	uint32_t emptied;

	while ((uint32_t)c->turn - (emptied = atomic_load(&s->emptied.count)) == c->slots) {
		*error = wait ? await(c, &s->emptied, emptied) : -EAGAIN;
		if (*error)
			return NULL;
	}
	return slot(c);
}

static ssize_t fill(struct channel *c, const char *buf, size_t n, bool wait)
{
	(void)buf, (void)wait;
	advance(c, &shared(c)->filled);
	return n;
}

static const char *arrival(struct channel *c, int *error)
{
	struct shared *s = shared(c);
	uint32_t filled;

	while ((filled = atomic_load(&s->filled.count)) == (uint32_t)c->turn) {
		*error = await(c, &s->filled, filled);
		if (*error)
			return NULL;
	}
	return slot(c);
}

static int taken(struct channel *c)
{
	advance(c, &shared(c)->emptied);
	return 0;
}

static void close_slots(struct channel *c)
{
	if (c->memory && c->memory != MAP_FAILED)
		munmap(c->memory, c->memory_size);
}

const struct transport transport_shm_futex = {
	.name = "shm+futex",
	.mechanisms = "futex",
	.how = "slots in a mapped memory file, two words to wait on",
	.borders = true,
	.open = open_slots,
	.room = room,
	.send = fill,
	.arrival = arrival,
	.taken = taken,
	.close = close_slots,
};
