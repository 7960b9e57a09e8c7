/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lab/uring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 4

static struct {
	int fd;
	uint32_t features;
	_Atomic uint32_t *sq_tail, *cq_head, *cq_tail;
	uint32_t sq_mask, cq_mask, *sq_array;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
} ring;

static char *ring_map(size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, offset);

	CHECK(at != MAP_FAILED);
	return at;
}

void uring_new(void)
{
	struct io_uring_params p;
	char *sq, *cq;

	memset(&p, 0, sizeof(p));
	ring.fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring.fd < 0)
		give_up(OUTCOME_UNSUPPORTED, "io_uring_setup() is refused: %s", strerror(errno));
	ring.features = p.features;
	sq = ring_map(p.sq_off.array + p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	cq = ring_map(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring.sqes = (void *)ring_map(p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	ring.sq_tail = (void *)(sq + p.sq_off.tail);
	ring.sq_mask = *(uint32_t *)(sq + p.sq_off.ring_mask);
	ring.sq_array = (void *)(sq + p.sq_off.array);
	ring.cq_head = (void *)(cq + p.cq_off.head);
	ring.cq_tail = (void *)(cq + p.cq_off.tail);
	ring.cq_mask = *(uint32_t *)(cq + p.cq_off.ring_mask);
	ring.cqes = (void *)(cq + p.cq_off.cqes);
}

bool uring_workers_are_ours(void)
{
	return ring.features & IORING_FEAT_NATIVE_WORKERS;
}

bool has_nowait(int fd)
{
	struct iovec iov = {payload(1), 1};

	CHECK(preadv2(fd, &iov, 1, -1, RWF_NOWAIT) < 0);
	return errno == EAGAIN;
}

static long enter(unsigned submit, unsigned await, unsigned flags)
{
	return syscall(SYS_io_uring_enter, ring.fd, submit, await, flags, NULL, 0);
}

static void submit(const struct io_uring_sqe *request)
{
	uint32_t tail = atomic_load(ring.sq_tail), at = tail & ring.sq_mask;

	ring.sqes[at] = *request;
	ring.sq_array[at] = at;
	atomic_store(ring.sq_tail, tail + 1);
	CHECK(enter(1, 0, 0) == 1);
}

void uring_submit(unsigned char opcode, int fd, size_t n)
{
	submit(&(struct io_uring_sqe){.opcode = opcode, .fd = fd, .addr = (uintptr_t)payload(n), .len = (uint32_t)n});
}

void uring_accept(int fd)
{
	submit(&(struct io_uring_sqe){.opcode = IORING_OP_ACCEPT, .fd = fd, .accept_flags = SOCK_CLOEXEC});
}

void uring_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	submit(&(struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)to, .off = len});
}

int uring_await(void)
{
	uint32_t head = atomic_load(ring.cq_head);
	int res;

	while (atomic_load(ring.cq_tail) == head)
		CHECK(enter(0, 1, IORING_ENTER_GETEVENTS) >= 0 || errno == EINTR);
	res = ring.cqes[head & ring.cq_mask].res;
	atomic_store(ring.cq_head, head + 1);
	return res;
}

static void through_ring(struct object *o, enum side side, enum key key, uint64_t n, bool by_us)
{
	if (by_us)
		count(o, side, key, n);
	else
		count_by_anyone(o, side, key, n);
	hidden_from_syscalls(o, side, key, n);
}

void uring_ended(struct object *o, enum side side, int res, bool by_us)
{
	through_ring(o, side, OPS, 1, by_us);
	if (res < 0) {
		count_error(o, side, -res);
		return;
	}
	if (side == OPEN)
		return; /* a descriptor */
	through_ring(o, side, BYTES, (uint64_t)res, by_us);
	through_ring(o, side, COPIED, (uint64_t)res, by_us);
}
