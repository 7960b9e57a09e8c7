// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What doctor tells of kernel memory: the maps as they would be here, and on a large machine. */
#include "view/doctor_memory.h"

#include <stdlib.h>

#include "programs.h"

#define MAPS_MAX 48
#define LARGE_CPUS 128
#define LARGE_OBJECTS 1000000 /* of three process-object pairs each: who made it, who writes, who reads */

struct case_of {
	uint32_t cpus, max_edges;
};

static int memory(const struct cli_options *o, const struct kernel *k, struct case_of c, struct map_memory *maps)
{
	/* all that a view can ask for: --json, with events */
	struct programs_options all = {
		.mechs = ~0u,
		.profile = PROFILE_WAITS | PROFILE_LATENCY | PROFILE_RESIDENCY | PROFILE_DETAIL | PROFILE_EVENTS,
		.max_edges = c.max_edges,
		.ring_buffer_bytes = (uint32_t)o->ring_buffer_mb << 20,
	};

	return programs_memory(k, &all, c.cpus, maps, MAPS_MAX);
}

static uint64_t sum(const struct map_memory *maps, int cnt)
{
	uint64_t bytes = 0;

	for (int i = 0; i < cnt; i++)
		bytes += maps[i].bytes;
	return bytes;
}

static void cases(const struct cli_options *o, const struct kernel *k, struct case_of *here, struct case_of *large)
{
	*here = (struct case_of){ k->cpus, o->max_edges };
	*large = (struct case_of){ LARGE_CPUS, 3 * LARGE_OBJECTS };
}

void doctor_print_memory(FILE *out, const struct cli_options *o, const struct kernel *k)
{
	struct map_memory here[MAPS_MAX], large[MAPS_MAX];
	struct case_of small, big;
	int cnt;

	cases(o, k, &small, &big);
	cnt = memory(o, k, small, here);
	if (cnt <= 0 || memory(o, k, big, large) != cnt)
		return;
	fprintf(out, "\nkernel memory of the maps that all mechanisms share, for --json --events without a filter:\n"
		     "with --max-edges %u on %u CPUs, and with %u (a million pipes) on %u\n",
		small.max_edges, small.cpus, big.max_edges, big.cpus);
	fprintf(out, "  %-16s %10s %8s %10s %12s %10s\n", "MAP", "ENTRIES", "BYTES", "KIB", "ENTRIES", "MIB");
	for (int i = 0; i < cnt; i++)
		fprintf(out, "  %-16s %10u %8u %10.1f %12u %10.1f\n", here[i].name, here[i].entries, here[i].entry_bytes,
			here[i].bytes / 1024.0, large[i].entries, large[i].bytes / 1048576.0);
	fprintf(out, "  %-16s %30.1f %23.1f\n", "all", sum(here, cnt) / 1024.0, sum(large, cnt) / 1048576.0);
}

static void json_maps(struct json *j, const char *key, const struct map_memory *maps, int cnt, struct case_of c)
{
	json_open(j, key, '{');
	json_uint(j, "cpus", c.cpus);
	json_uint(j, "max_edges", c.max_edges);
	json_uint(j, "bytes", sum(maps, cnt));
	json_open(j, "maps", '[');
	for (int i = 0; i < cnt; i++) {
		json_open(j, NULL, '{');
		json_string(j, "name", maps[i].name);
		json_uint(j, "entries", maps[i].entries);
		json_uint(j, "entry_bytes", maps[i].entry_bytes);
		json_uint(j, "bytes", maps[i].bytes);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

void doctor_json_memory(struct json *j, const struct cli_options *o, const struct kernel *k)
{
	struct map_memory maps[MAPS_MAX];
	struct case_of small, big;
	int cnt;

	cases(o, k, &small, &big);
	json_open(j, "map_memory", '{');
	cnt = memory(o, k, small, maps);
	json_maps(j, "here", maps, cnt > 0 ? cnt : 0, small);
	cnt = memory(o, k, big, maps);
	json_maps(j, "large", maps, cnt > 0 ? cnt : 0, big);
	json_close(j, '}');
}
