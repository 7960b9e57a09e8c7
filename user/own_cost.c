// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "own_cost.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

int own_cost_begin(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

static uint64_t timeval_ns(const struct timeval *tv)
{
	return tv->tv_sec * 1000000000ull + tv->tv_usec * 1000ull;
}

/* VmRSS of getrusage is the maximum; the second number of statm is what is resident now, in pages. */
static uint64_t resident_bytes(void)
{
	unsigned long long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

void own_cost_read(const struct programs *p, struct own *own)
{
	struct rusage usage;

	programs_cost(p, own);
	getrusage(RUSAGE_SELF, &usage);
	own->user_ns = timeval_ns(&usage.ru_utime) + timeval_ns(&usage.ru_stime);
	own->rss_bytes = resident_bytes();
}
