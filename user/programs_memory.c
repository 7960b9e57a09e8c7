// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Kernel memory of the maps, reckoned from their sizes as the kernel does. */
#include <stdio.h>
#include <string.h>

#include "programs_impl.h"

#define HASH_ELEMENT 48u /* struct htab_elem, without key and value */
#define HASH_BUCKET 16u
#define RING_PAGES 3u	 /* beside the records: its head, producer and consumer */

static uint64_t power_of_two(uint64_t n)
{
	uint64_t power = 1;

	while (power < n)
		power *= 2;
	return power;
}

static uint32_t words(uint32_t bytes)
{
	return (bytes + 7) & ~7u;
}

/* Hashes are preallocated, with one element more for each CPU. */
static void reckon(struct map_memory *m, const struct bpf_map *map, const struct kernel *k)
{
	uint32_t key = bpf_map__key_size(map), value = bpf_map__value_size(map);

	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		m->entry_bytes = HASH_ELEMENT + words(key) + words(value);
		m->bytes = ((uint64_t)m->entries + k->cpus) * m->entry_bytes + power_of_two(m->entries) * HASH_BUCKET;
		break;
	case BPF_MAP_TYPE_STACK:
		m->entry_bytes = value;
		m->bytes = (m->entries + 1ull) * value;
		break;
	case BPF_MAP_TYPE_RINGBUF:
		m->entry_bytes = 1;
		m->bytes = m->entries + (RING_PAGES << k->page_shift);
		break;
	default:
		m->entry_bytes = words(value);
		m->bytes = (uint64_t)m->entries * m->entry_bytes;
	}
}

int programs_memory(const struct kernel *k, const struct programs_options *o, uint32_t cpus, struct map_memory *maps,
		    unsigned max)
{
	struct kernel other = *k;
	struct programs p = { .kernel = &other, .options = *o };
	struct loaded core;
	struct bpf_map *map;
	int err, cnt = 0;

	other.cpus = cpus;
	err = loader_open(&core, "core");
	if (err)
		return err;
	bpf_object__for_each_map(map, core.obj) {
		struct map_memory *m = &maps[cnt];
		uint32_t entry_bytes, entries;
		const char *array = loader_array(core.obj, map, &entry_bytes);
		const char *name = array ? array : bpf_map__name(map);

		if ((bpf_map__is_internal(map) && !array) || (unsigned)cnt == max)
			continue;
		entries = map_entries(name, &p);
		snprintf(m->name, sizeof(m->name), "%s", name);
		m->entries = entries ? entries : bpf_map__max_entries(map);
		if (array) {
			m->entry_bytes = entry_bytes;
			m->bytes = (uint64_t)entries * entry_bytes;
		} else {
			reckon(m, map, &other);
		}
		cnt++;
	}
	loader_close(&core);
	return cnt;
}
