// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live_wakes.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

static uint32_t slot_of(const struct ipc_wake_key *key, uint32_t rows)
{
	struct ipc_wake_row row = { .key = *key };

	return ipc_wake_slot(row.words, rows - 1);
}

static uint32_t rows_of(int fd)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.max_entries;
}

/* The row's name is written last, and its count only goes up while it has the name. */
static uint64_t count_in_row(const struct ipc_wake_row *row, const struct ipc_wake_key *key)
{
	if (!__atomic_load_n(&row->key.mech, __ATOMIC_ACQUIRE) || memcmp(&row->key, key, sizeof(*key)))
		return 0;
	return __atomic_load_n(&row->count, __ATOMIC_RELAXED);
}

int live_wakes_add(const struct programs *p, const struct ipc_wake_key *keys, uint64_t *counts, uint32_t cnt)
{
	int fd = programs_map(p, "wake_rows");
	uint32_t rows = cnt ? rows_of(fd) : 0;
	const struct ipc_wake_row *row;

	if (!rows)
		return 0;
	row = mmap(NULL, rows * sizeof(*row), PROT_READ, MAP_SHARED, fd, 0);
	if (row == MAP_FAILED)
		return -errno;
	for (uint32_t i = 0; i < cnt; i++)
		counts[i] += count_in_row(&row[slot_of(&keys[i], rows)], &keys[i]);
	munmap((void *)row, rows * sizeof(*row)); /* what is mapped counts as resident */
	return 0;
}

void live_wakes_remove(const struct programs *p, const struct ipc_wake_key *key)
{
	int fd = programs_map(p, "wake_rows");
	uint32_t rows = rows_of(fd), slot = rows ? slot_of(key, rows) : 0;
	const struct ipc_wake_row none = {};
	struct ipc_wake_row row;

	bpf_map_delete_elem(programs_map(p, "wakes"), key);
	if (rows && !bpf_map_lookup_elem(fd, &slot, &row) && !memcmp(&row.key, key, sizeof(*key)))
		bpf_map_update_elem(fd, &slot, &none, BPF_ANY);
}
