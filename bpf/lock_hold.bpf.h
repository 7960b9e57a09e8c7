/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who holds what, and since when; and what was asked for last of a file. Both of the first to come in a place at hand, and
 * in hashes beyond. Included by lock.bpf.h.
 */
#ifndef LOCK_HOLD_BPF_H
#define LOCK_HOLD_BPF_H

/* A process's POSIX locks belong to its file table, all others to a file. */
struct lock_hold_key {
	__u64 owner;
	__u64 inode; /* address */
	__u64 kind;
};

struct lock_hold {
	__u64 since_ns; /* 0: from before the start; 1: nobody asks for residency */
};

IPC_MAP(lock_holds, BPF_MAP_TYPE_HASH, struct lock_hold_key, struct lock_hold, 16384);

#define HOLD_PLACES 1024

struct lock_hold_place {
	__u64 owner; /* 0: of nobody, or about to be somebody's */
	__u64 what;  /* address of the inode, and the kind in the bits that are 0 in it */
	__u64 since_ns;
	__u32 claims; /* 1: it is somebody's. More: others look whether they may have it */
	__u32 others; /* of this place that are in `lock_holds` */
};

static struct lock_hold_place hold_places[HOLD_PLACES];

static __always_inline struct lock_hold_place *hold_place(const struct lock_hold_key *key)
{
	return &hold_places[((key->owner ^ key->inode << 7) + key->kind) * 0x9E3779B97F4A7C15ull >> 54];
}

static __always_inline __u64 hold_what(const struct lock_hold_key *key)
{
	return key->inode | key->kind;
}

static __always_inline bool hold_is(const struct lock_hold_place *place, const struct lock_hold_key *key)
{
	__u64 what;

	if (*(volatile __u64 *)&place->owner != key->owner || !key->owner)
		return false;
	smp_rmb(); /* with hold_add() */
	what = *(volatile __u64 *)&place->what;
	smp_rmb();
	return what == hold_what(key) && *(volatile __u64 *)&place->owner == key->owner;
}

/* Since when it is held, where that stands; NULL: it is not. */
static __always_inline __u64 *hold_find(const struct lock_hold_key *key)
{
	struct lock_hold_place *place = hold_place(key);
	struct lock_hold *hold;

	if (hold_is(place, key))
		return &place->since_ns;
	if (!place->others)
		return NULL;
	hold = bpf_map_lookup_elem(&lock_holds, key);
	return hold ? &hold->since_ns : NULL;
}

/* Two that add the same at once may add it twice: it is dropped twice, too. */
static __always_inline void hold_add(const struct lock_hold_key *key, __u64 since_ns)
{
	struct lock_hold_place *place = hold_place(key);
	struct lock_hold hold = {.since_ns = since_ns};
	int err;

	if (key->owner && claim(&place->claims)) {
		place->since_ns = since_ns;
		*(volatile __u64 *)&place->what = hold_what(key);
		smp_wmb();
		*(volatile __u64 *)&place->owner = key->owner;
		return;
	}
	__sync_fetch_and_add(&place->others, 1);
	err = bpf_map_update_elem(&lock_holds, key, &hold, BPF_NOEXIST);
	if (!err)
		return;
	__sync_fetch_and_add(&place->others, -1);
	if (err != -17 /* EEXIST: another CPU was first */)
		lose(LOSS_MAP_FULL);
}

/*
 * Of two that drop the same at once both may find it: then the place, if not somebody took it in between, whose hold goes
 * with it, is claimed for good, and the hash has what belongs there.
 */
static __always_inline void hold_drop(const struct lock_hold_key *key)
{
	struct lock_hold_place *place = hold_place(key);

	if (hold_is(place, key)) {
		*(volatile __u64 *)&place->owner = 0;
		atomic_add_mb(&place->claims, -1);
	}
	if (place->others && !bpf_map_delete_elem(&lock_holds, key))
		__sync_fetch_and_add(&place->others, -1);
}

/* ---- what was asked for last ---- */

#define ASKED_PLACES 1024

struct lock_asked {
	struct ipc_object_id obj; /* mech 0: nobody's */
	__u64 what; /* enum lock_object_counter has the same of the others; 0: nothing */
	__u64 start;
	__u64 end;
	__u32 claims; /* somebody changes whose it is */
};

static struct lock_asked last_asked[ASKED_PLACES];

static __always_inline struct lock_asked *asked_place(const struct ipc_object_id *obj)
{
	return &last_asked[(obj->id ^ (__u64)obj->domain << 40) * 0x9E3779B97F4A7C15ull >> 54];
}

static __always_inline bool asked_is(const struct lock_asked *asked, const struct ipc_object_id *obj)
{
	return *(volatile __u64 *)&asked->obj.id == obj->id &&
	       *(volatile key_word *)&asked->obj.domain == (obj->domain | (__u64)MECH_LOCK << 32);
}

/* A file that is seen first gets its place, unless it is another's, which is still seen. */
static __attribute__((noinline)) int asked_claim(const struct ipc_object_id *obj)
{
	struct ipc_object_id other;
	struct lock_asked *asked;

	if (!obj)
		return 0;
	asked = asked_place(obj);
	other = asked->obj;
	if (asked_is(asked, obj) || (other.mech && bpf_map_lookup_elem(&objects, &other)) || !claim(&asked->claims))
		return 0;
	*(volatile key_word *)&asked->obj.domain = 0; /* and the mechanism */
	smp_wmb();
	asked->what = 0;
	asked->obj.id = obj->id;
	smp_wmb();
	*(volatile key_word *)&asked->obj.domain = obj->domain | (__u64)MECH_LOCK << 32;
	atomic_add_mb(&asked->claims, -1);
	return 0;
}

static __always_inline void note_asked(const struct ipc_object_id *obj, __u32 what, __u64 start, __u64 end)
{
	struct lock_asked *asked = asked_place(obj);
	struct ipc_object *o;

	if (asked_is(asked, obj)) {
		asked->what = what;
		asked->start = start;
		asked->end = end;
		return;
	}
	o = bpf_map_lookup_elem(&objects, obj);
	if (!o)
		return;
	o->counters[LAST_WHAT] = what;
	o->counters[LAST_START] = start;
	o->counters[LAST_END] = end;
}

#endif
