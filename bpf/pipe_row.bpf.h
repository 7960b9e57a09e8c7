/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The row of a read or a write that is known at once, with less to read than its
 * whole key. Included by pipe.bpf.c.
 */

/*
 * Is this the row of a pipe's operation, as far as is known without its super block: all pipes have the same, and
 * where the inode's address and number are those of a pipe it is one.
 */
static __always_inline bool row_is_pipes(const struct ipc_row *row, struct inode *inode, __u64 ino, __u64 who, __u8 op)
{
	__u32 named = *(volatile __u32 *)&row->key.mech; /* and op; the mechanism is written last, see row_name */

	row = pointer_after(named, row);
	return named == (MECH_PIPE | (__u32)op << 16) && row->kobj == (__u64)inode && row->words[0] == ino && row->words[2] == who;
}

/*
 * The number of the row, by all of its key, or -1: it is in neither of the places for it. A pipe's row has the inode's
 * address from then on.
 */
static __attribute__((noinline)) int row_by_key(struct inode *inode, __u64 who, __u32 op, __u64 slot)
{
	key_word words[3];
	struct ipc_row *row;
	__u32 at;

	if (!inode)
		return -1;
	words[0] = inode->i_ino;
	words[1] = pipe_where(inode) | (__u64)op << 48;
	words[2] = who;
	at = hints[slot & (hint_entries() - 1)];
	row = bpf_map_lookup_elem(&rows, &at);
	if (!row_is(row, words)) {
		at = row_beside(words[0], words[1], who, slot);
		row = bpf_map_lookup_elem(&rows, &at);
	}
	if (!row)
		return -1;
	if (row->key.mech == MECH_PIPE)
		row->kobj = (__u64)inode;
	return at;
}

/*
 * The row of what `who` (as in keys) does to a pipe or FIFO, when it is known at once, and its number; else NULL.
 * What has a row is wanted, but for a filter.
 */
static __always_inline struct ipc_row *row_near(struct inode *inode, __u64 ino, __u64 who, __u8 op, __u32 *at)
{
	__u64 slot = hint_slot(ino, op, who);
	struct ipc_row *row;

	*at = hints[slot];
	row = bpf_map_lookup_elem(&rows, at);
	if (!row || row_is_pipes(row, inode, ino, who, op))
		return row;
	*at = row_by_key(inode, who, op, slot);
	return bpf_map_lookup_elem(&rows, at);
}
