/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a shared word is called: its file and the offset in it, and what it is part
 * of when that can be told: glibc's and musl's sem_t of a named semaphore lies at the
 * beginning of a file /dev/shm/sem.NAME; of process-shared objects of glibc the
 * words around tell, whose meaning is part of its ABI (sysdeps/nptl/bits).
 */
#ifndef FUTEX_NAME_BPF_H
#define FUTEX_NAME_BPF_H

enum word_class {
	WORD_PLAIN = 0,
	WORD_SEMAPHORE = 1,
	WORD_MUTEX = 2,
};

#define PSHARED 128u		  /* PTHREAD_MUTEX_PSHARED_BIT; a process-shared sem_t has the same in its third word */
#define MUTEX_KINDS (0x7fu | PSHARED | 0x300u)
#define MUTEX_KIND 4		  /* word of pthread_mutex_t */
#define SHAPE_WORDS 5

/* A mutex: lock, count, owner, users, kind. A semaphore: value, waiters, 128, 0. */
static __always_inline __u32 word_class(__u64 uaddr)
{
	__u32 words[SHAPE_WORDS] = {}, kind, lock;

	if (bpf_probe_read_user(words, sizeof(words), (void *)uaddr))
		return WORD_PLAIN;
	kind = words[MUTEX_KIND];
	lock = words[0];
	if ((kind & PSHARED) && !(kind & ~MUTEX_KINDS) && (lock <= 2 || (lock & LOCK_TID) == words[2] || !words[2] || (lock & LOCK_OWNER_DIED)))
		return WORD_MUTEX;
	if (words[2] == PSHARED && !words[3] && words[0] <= 0x7fffffff && words[1] <= 0x3fffff)
		return WORD_SEMAPHORE;
	return WORD_PLAIN;
}

static struct ipc_name zero_name;

static __always_inline __u32 name_prefix(struct ipc_name *name, const char *text, __u32 length)
{
	__builtin_memcpy(name->path, text, length);
	return length;
}

/*
 * Once per word; uaddr: 0 when its memory is not the current task's. Global, so that
 * the verifier walks it once; numbers only, for 5.10.
 */
__attribute__((noinline)) int futex_name_in(__u64 id, __u64 domain, __u64 file, __u64 offset, __u64 uaddr)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_FUTEX};
	struct ipc_name *name;
	__u32 class, at = 0;
	int err;

	err = bpf_map_update_elem(&names, &obj, &zero_name, BPF_NOEXIST);
	if (err)
		return 0; /* no name is no loss: the id says the same */
	name = bpf_map_lookup_elem(&names, &obj);
	if (!name)
		return 0;
	class = uaddr ? word_class(uaddr) : WORD_PLAIN;
	if (class == WORD_SEMAPHORE)
		at = name_prefix(name, "semaphore ", 10);
	else if (class == WORD_MUTEX)
		at = name_prefix(name, "mutex ", 6);
	name_file(name, at, file, offset);
	return 0;
}

/* The two walks one after the other: one inside the other would need more stack than 512 bytes. */
__attribute__((noinline)) int futex_name(__u64 id, __u64 domain, __u64 mm, __u64 uaddr)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_FUTEX};
	struct mapping m = {};

	if (!bpf_map_lookup_elem(&names, &obj) && mapping_at(mm, uaddr, &m) && m.file)
		futex_name_in(id, domain, m.file, m.offset, mm == current_mm() ? uaddr : 0);
	return 0;
}

#endif
