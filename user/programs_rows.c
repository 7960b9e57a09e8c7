// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rows that edges are counted in: which of them are free is kept in the map free_rows, see bpf/row.bpf.h. */
#include <errno.h>

#include <bpf/bpf.h>

#include "programs_impl.h"

/* Into the map of a trace that has not begun: the last ones first, so that those at the beginning of `rows` are used first. */
int rows_start(const struct programs *p)
{
	int fd = programs_map(p, "free_rows");
	uint32_t left = p->options.max_edges, row;

	while (left) {
		if (left % ROWS_IN_BLOCK)
			row = --left;
		else
			row = (left -= ROWS_IN_BLOCK) | ROW_BLOCK;
		if (bpf_map_update_elem(fd, NULL, &row, BPF_ANY))
			return -errno;
	}
	return 0;
}

uint64_t programs_remove_edge(const struct programs *p, const struct ipc_edge_key *key)
{
	int edges = programs_map(p, "edges"), rows = programs_map(p, "rows");
	const struct ipc_row none = {};
	struct ipc_row row;
	uint32_t number;

	if (bpf_map_lookup_elem(edges, key, &number) || bpf_map_delete_elem(edges, key) ||
	    bpf_map_lookup_elem(rows, &number, &row))
		return 0;
	bpf_map_update_elem(rows, &number, &none, BPF_ANY);
	bpf_map_update_elem(programs_map(p, "free_rows"), NULL, &number, BPF_ANY);
	return row.edge.ops;
}
