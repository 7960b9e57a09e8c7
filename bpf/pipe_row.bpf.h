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

/* The same of any, with its super block. A pipe's row has the inode's address from then on. */
static __attribute__((noinline)) int row_becomes_pipes(struct ipc_row *row, struct inode *inode, __u64 who, __u32 op)
{
	key_word words[3];

	if (!row || !inode)
		return 0;
	words[0] = inode->i_ino;
	words[1] = pipe_where(inode) | (__u64)op << 48;
	words[2] = who;
	if (!row_is(row, words))
		return 0;
	if (row->key.mech == MECH_PIPE)
		row->kobj = (__u64)inode;
	return 1;
}

/*
 * The row of what `who` (as in keys) does to a pipe or FIFO, when it is known at once, and its number; else NULL.
 * What has a row is wanted, but for a filter.
 */
static __always_inline struct ipc_row *row_near(struct inode *inode, __u64 ino, __u64 who, __u8 op, __u32 *at)
{
	struct ipc_row *row;

	*at = hints[hint_slot(ino, op, who)];
	row = bpf_map_lookup_elem(&rows, at);
	if (!row || row_is_pipes(row, inode, ino, who, op) || row_becomes_pipes(row, inode, who, op))
		return row;
	return NULL;
}
