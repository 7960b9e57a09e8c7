/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files behind programs.h share: the sets, and who chose what. */
#ifndef PROGRAMS_IMPL_H
#define PROGRAMS_IMPL_H

#include "loader.h"
#include "programs.h"

#define MAX_SETS 16

/* The BPF object of one or more mechanisms, loaded once. */
struct set {
	const char *name;
	uint32_t mechs;
	enum backend backend;
	struct loaded loaded;
};

struct programs {
	const struct kernel *kernel;
	struct programs_options options;
	struct shared_maps maps;
	struct loaded core;
	struct loaded syscalls;
	struct loaded steps; /* PROFILE_STEPS */
	struct set sets[MAX_SETS];
	unsigned sets_cnt;
	struct mech_status status[MECH_MAX];
	uint64_t passes; /* of the iterators */
	uint64_t pass_ns, pass_took_ns; /* when the last one began (CLOCK_MONOTONIC), and how long it took */
	struct ipc_holder_key *holders; /* as the last pass told them, sorted */
	size_t holders_cnt;
};

/* Any mechanism of the set: they share hooks and programs. */
const struct mechanism *set_mech(const struct set *s);

/* Reason of all mechanisms in the mask; a and b fill %s of the format. */
void set_why(struct programs *p, uint32_t mechs, const char *format, const char *a, const char *b);

/* Loads the object of a set with the hooks of its backend; attaches them. 0 or -errno, with a reason set. */
int set_load(struct programs *p, struct set *s);
int set_attach(struct programs *p, struct set *s);
bool set_has_tracepoints(const struct set *s); /* it sees something without function hooks and system calls */

/* Entries of a map by its name; arg: struct programs, of which kernel and options count. 0: as declared. */
uint32_t map_entries(const char *name, const void *arg);

/* Shares maps, writes the config. 0 or libbpf's error. */
int object_prepare(struct programs *p, struct loaded *l, uint32_t mechs, bool syscalls);

/* Hands all rows of edges to the programs. 0 or -errno. */
int rows_start(const struct programs *p);

void note_hook(struct programs *p, uint32_t mechs, const char *how, const char *function, bool hooked);

#endif
