// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What loaded programs and their maps cost the kernel. */
#include "programs.h"

#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "programs_impl.h"

uint64_t map_bytes(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f) && sscanf(line, "memlock: %llu", &bytes) != 1)
		;
	fclose(f);
	return bytes;
}

static void add_object(const struct loaded *l, struct own *own)
{
	for (unsigned i = 0; i < l->programs_cnt; i++) {
		struct bpf_prog_info info = {};
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(l->programs[i].fd, &info, &size))
			continue;
		own->runs += info.run_cnt;
		own->run_ns += info.run_time_ns;
	}
	for (unsigned i = 0; i < l->maps_cnt; i++)
		own->map_bytes += map_bytes(l->maps[i].fd);
}

void programs_cost(const struct programs *p, struct own *own)
{
	memset(own, 0, sizeof(*own));
	add_object(&p->core, own);
	add_object(&p->steps, own);
	add_object(&p->syscalls, own);
	for (unsigned i = 0; i < p->sets_cnt; i++)
		add_object(&p->sets[i].loaded, own);
	for (unsigned i = 0; i < p->maps.cnt; i++)
		own->map_bytes += map_bytes(p->maps.map[i].fd);
}
