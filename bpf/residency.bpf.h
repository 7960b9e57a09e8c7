/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long data sat in a ring: a slot is stamped when head passes it and read
 * off when tail does. A merged write shares the stamp of the slot it joined, so
 * residency is that of each slot's first byte.
 */
#ifndef RESIDENCY_BPF_H
#define RESIDENCY_BPF_H

static struct ipc_residency zero_residency;

static __always_inline void residency_stamp(struct ipc_residency *r, __u32 head, __u64 now_ns)
{
	__u32 slot = r->seen_head;

	if (head - slot > IPC_SLOT_STAMPS) {
		__u32 skipped = head - slot - IPC_SLOT_STAMPS;

		add(&r->unfollowed, skipped);
		slot += skipped;
	}
	for (int i = 0; i < IPC_SLOT_STAMPS; i++) {
		if (slot == head)
			break;
		r->stamp_ns[slot % IPC_SLOT_STAMPS] = now_ns;
		slot++;
	}
	r->seen_head = head;
}

static __always_inline void residency_read(struct ipc_residency *r, __u32 tail, __u64 now_ns)
{
	__u32 slot = r->seen_tail;

	if (tail - slot > IPC_SLOT_STAMPS)
		slot = tail - IPC_SLOT_STAMPS;
	for (int i = 0; i < IPC_SLOT_STAMPS; i++) {
		__u64 then_ns;

		if (slot == tail)
			break;
		then_ns = r->stamp_ns[slot % IPC_SLOT_STAMPS];
		if (then_ns && then_ns <= now_ns)
			hist_add(&r->hist, now_ns - then_ns);
		else
			add(&r->unfollowed, 1);
		r->stamp_ns[slot % IPC_SLOT_STAMPS] = 0;
		slot++;
	}
	r->seen_tail = tail;
}

/* Global, with numbers for arguments, so that the verifier walks its loops once and not once per caller. */
__attribute__((noinline)) int ipc_residency_note(__u64 id, __u64 domain_mech, __u64 head_tail)
{
	struct ipc_object_id obj = {.id = id, .domain = domain_mech >> 32, .mech = domain_mech};
	__u32 head = head_tail >> 32, tail = head_tail;
	__u64 now_ns = bpf_ktime_get_ns();
	struct ipc_residency *r;

	r = bpf_map_lookup_elem(&residency, &obj);
	if (!r) {
		struct ipc_object *o = bpf_map_lookup_elem(&objects, &obj);

		map_create(&residency, &obj, &zero_residency);
		r = bpf_map_lookup_elem(&residency, &obj);
		if (!r)
			return 0;
		if (o && (o->flags & OBJECT_PREEXISTING)) {
			r->seen_head = head;
			r->seen_tail = tail;
		}
	}
	if ((__s32)(head - r->seen_head) < 0 || (__s32)(tail - r->seen_tail) < 0) {
		if (head > IPC_SLOT_STAMPS || head > r->seen_head)
			return 0; /* another processor was ahead of us */
		r->seen_head = 0; /* a FIFO's new ring */
		r->seen_tail = 0;
	}
	residency_stamp(r, head, now_ns);
	residency_read(r, tail, now_ns);
	return 0;
}

/* After an operation that left the ring at head and tail. */
static __always_inline void residency_note(const struct ipc_object_id *obj, __u32 head, __u32 tail)
{
	ipc_residency_note(obj->id, (__u64)obj->domain << 32 | obj->mech, (__u64)head << 32 | tail);
}

#endif
