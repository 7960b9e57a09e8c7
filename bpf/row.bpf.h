/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where an edge's figures are: a row of the array `rows`, whose number the hash
 * `edges` has by key. A look-up in the hash costs as much as all else that --counts
 * does; a table of the rows that were used last saves most operations that.
 */
#ifndef ROW_BPF_H
#define ROW_BPF_H

typedef __u64 __attribute__((may_alias)) key_word;

/* A row that is free, by its number, or -1: there is none. Global: verified once. */
__attribute__((noinline)) int ipc_row_take(void)
{
	__u32 row, what = CONTROL_ROWS, next;
	__u64 *taken;

	if (bpf_map_pop_elem(&free_rows, &row))
		return -1;
	if (!(row & ROW_BLOCK))
		return row;
	row &= ~ROW_BLOCK;
	taken = bpf_map_lookup_elem(&control_values, &what);
	if (taken)
		__sync_fetch_and_add(taken, ROWS_IN_BLOCK);
	for (__u32 i = 1; i < ROWS_IN_BLOCK; i++) {
		next = row + i;
		bpf_map_push_elem(&free_rows, &next, 0);
	}
	return row;
}

/* What other CPUs and user space go by comes last. */
static __always_inline void row_name(__u32 row, const struct ipc_edge_key *key)
{
	struct ipc_row *r = bpf_map_lookup_elem(&rows, &row);

	if (!r)
		return;
	r->kobj = 0;
	r->key.id = key->id;
	r->key.domain = key->domain;
	r->key.op = key->op;
	r->key.tgid = key->tgid;
	r->key.start = key->start;
	smp_wmb(); /* with row_is */
	*(volatile __u16 *)&r->key.mech = key->mech;
}

/* The key gets a row, unless another CPU was first. */
static __attribute__((noinline)) int row_create(const struct ipc_edge_key *key)
{
	int row = ipc_row_take(), err;
	__u32 number = row;

	if (!key)
		return 0;
	if (row < 0) {
		lose(LOSS_MAP_FULL);
		return 0;
	}
	err = bpf_map_update_elem(&edges, key, &number, BPF_NOEXIST);
	if (!err) {
		row_name(number, key);
		return 0;
	}
	if (err != -17 /* EEXIST */)
		lose(LOSS_MAP_FULL);
	bpf_map_push_elem(&free_rows, &number, 0);
	return 0;
}

/* The figures of an edge that has been seen, or NULL. */
static __always_inline struct ipc_edge *edge_find(const struct ipc_edge_key *key)
{
	__u32 *row = bpf_map_lookup_elem(&edges, key);

	return row ? bpf_map_lookup_elem(&rows, row) : NULL; /* a row begins with the edge */
}

/* It was none after all. Its row is not used again: another CPU may be about to. */
static __always_inline void edge_forget(struct ipc_edge *edge, const struct ipc_edge_key *key)
{
	bpf_map_delete_elem(&edges, key);
	((struct ipc_row *)edge)->key.mech = MECH_NONE;
}

/* A typed pointer as a number: it may not be shifted, but told from another address. Not comparable with an address. */
static __always_inline __u64 number_from(const void *base, const void *pointer)
{
	__u64 number;

	asm volatile("%0 -= %1" : "=r"(number) : "r"(base), "0"(pointer));
	return number;
}

/* Where in known_objects and known_slots something is that has this number. */
static __always_inline __u64 known_index(__u64 number)
{
	return number * 0x9E3779B97F4A7C15ull >> cfg.known_shift;
}

static __always_inline __u32 hint_entries(void)
{
	return 1u << (64 - cfg.hint_shift);
}

/*
 * Where in `hints` the row is told that was used last by a key with this slot: it may be another's, as its own key
 * tells. Two products, joined by what is no sum: of one, the reads of many pipes in a row would share the slots of
 * the writes of others, all of them or none.
 */
static __always_inline __u64 hint_slot(__u64 id, __u64 kind, __u64 who)
{
	return (id * 0x9E3779B97F4A7C15ull ^ (kind + (who << 20)) * 0xD6E8FEB86659FD93ull) >> cfg.hint_shift;
}

/* What a hint goes by of domain, mechanism and operation: of pipes the last alone, for their hooks that ask for no more. */
static __always_inline __u64 hint_kind(__u64 where)
{
	return (where >> 32 & 0xffff) <= MECH_FIFO ? where >> 48 : where;
}

#endif
