/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tool itself costs, since the start. */
#ifndef MODEL_OWN_H
#define MODEL_OWN_H

#include <stdint.h>

struct own {
	uint64_t runs;	    /* of its programs in the kernel */
	uint64_t run_ns;    /* in them, on all CPUs */
	uint64_t user_ns;   /* CPU time of its process, in user space and in the kernel */
	uint64_t map_bytes; /* kernel memory of its maps, now */
	uint64_t rss_bytes; /* resident memory of its process, now */
};

#endif
