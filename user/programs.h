/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF side as one thing: choose a backend for each mechanism, load, attach,
 * fall back, say why. Objects share their maps by name.
 */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"
#include "kernel.h"
#include "mech.h"
#include "model/own.h"
#include "source/snapshot.h"

struct programs; /* opaque */

/* What is to be loaded. config.mechs and config.profile are filled from here. */
struct programs_options {
	uint32_t mechs;		 /* bit per mechanism id */
	uint32_t profile;	 /* enum ipc_profile */
	enum backend backend;	 /* BACKEND_NONE: the best that attaches */
	struct ipc_config config;
	uint32_t max_edges;
	uint32_t ring_buffer_bytes; /* power of two */
	bool iterators_only;	 /* ring, why: no hooks */
	bool rings;		 /* the iterators that read one ring, instead of those of a pass */
	unsigned verbose;	 /* 2 and more: libbpf's debug log */
};

/* How one mechanism came to be traced. */
struct mech_status {
	const struct mechanism *mech;
	enum backend backend;	   /* BACKEND_NONE: not at all */
	char hooks[64][64];	   /* "fexit:pipe_write" */
	unsigned hooks_cnt;
	char unhooked[64][64];	   /* optional ones that did not attach */
	unsigned unhooked_cnt;
	char why[256];		   /* why not the better backend, or why none; empty: best */
};

/*
 * Opens, loads and attaches. Returns 0 with *out set when at least one mechanism
 * is traced, else -errno (EPERM, ENOTSUP, …) with the reason in why[size].
 * Mechanisms that could not be are in programs_status() with BACKEND_NONE.
 */
int programs_start(struct programs **out, const struct kernel *k, const struct programs_options *o, char *why,
		   uint32_t size);

/* Detaches the hooks; maps and iterators stay usable. */
void programs_detach(struct programs *p);
void programs_free(struct programs *p);

uint32_t programs_profile(const struct programs *p); /* enum ipc_profile: what is collected */
const struct mech_status *programs_status(const struct programs *p, const struct mechanism *m);

/* What a shared map takes in the kernel, as of struct bpf_htab and bpf_array: they are there whole from the start. */
struct map_memory {
	char name[32];
	uint32_t entries;
	uint32_t entry_bytes; /* with what the kernel adds to each */
	uint64_t bytes;
};

/* The shared maps of a trace with these options on so many CPUs, into maps[max]: how many, or libbpf's error. Loads nothing. */
int programs_memory(const struct kernel *k, const struct programs_options *o, uint32_t cpus, struct map_memory *maps,
		    unsigned max);

/* Descriptor of a shared map by name, -ENOENT. Owned by p. */
int programs_map(const struct programs *p, const char *name);

/*
 * Takes an edge out of the map; its row is free for another. Returns the operations that it counted till then, 0 when
 * there is none: some may have come since it was read. One that comes between the two calls that look and take is lost
 * without being counted.
 */
uint64_t programs_remove_edge(const struct programs *p, const struct ipc_edge_key *key);

/*
 * One pass of the "NAME_files" iterators of the mechanisms in the mask: who holds
 * what, sampled states. Returns 0 or -errno. pass counts up by itself; holders are
 * those of the last pass, of each mechanism.
 */
int programs_pass(struct programs *p, uint32_t mechs);
#define ALL_MECHS (~0u)

/* Another pass now would not make it twice in half a second, nor passes more than one part of share of the time. */
bool programs_pass_is_cheap(const struct programs *p, unsigned share);

/* Every end that the last pass found held, or (END_PAST) an earlier one, sorted, once per descriptor. Owned by p, until the next pass. */
const struct ipc_holder_key *programs_holders(const struct programs *p, size_t *cnt);
uint64_t programs_passes(const struct programs *p); /* so far */

/* Runs the iterator program `name`, reads all it writes into *data (malloc'ed). */
int programs_iterate(struct programs *p, const char *name, void **data, uint32_t *size);

/* Runs and time of all programs (see own_cost.h), and the kernel memory of all maps. */
void programs_cost(const struct programs *p, struct own *own);

/* Kernel memory of one map, as its fdinfo has it; 0: not told. */
uint64_t map_bytes(int fd);

/* Recursion misses of all programs; by_mech: those of hooks that tell of which operation, *charged: their sum. */
uint64_t programs_missed(struct programs *p, struct missed_ops by_mech[MECH_MAX], uint64_t *charged);

#endif
