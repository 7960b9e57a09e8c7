/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef MODEL_PROCESS_H
#define MODEL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "ipctrace.h"

struct model;
struct snapshot;

struct cgroup {
	uint64_t id;
	char *path; /* raw bytes; NULL: not known */
	char *container, *unit; /* what the path says (model/place.h); NULL: in none, or not known */
	UT_hash_handle hh;
};

struct process {
	struct ipc_process_key key;
	char comm[IPC_COMM_LEN + 1]; /* raw bytes; empty: not known */
	uint32_t ns_tgid;	     /* its PID in its own PID namespace; 0: not known */
	uint32_t pid_ns;	     /* inode number of that */
	uint32_t tick;		     /* update that last saw it */
	uint32_t row;
	uint32_t users;		     /* endpoints that are this process */
	bool exited;		     /* while we watched */
	const struct cgroup *cgroup; /* NULL: not known */
	UT_hash_handle hh;
};

/* "process", or the name of what is none: "timer", "terminal"… of enum ipc_endpoint_kind. */
const char *endpoint_kind_name(uint32_t kind);

/* Of a process or of what is none. */
static inline uint32_t process_kind(const struct process *p)
{
	return p->key.tgid ? ENDPOINT_PROCESS : p->key.start;
}

/* The process with this PID and start; made when it is not known. */
struct process *process_get(struct model *m, uint32_t tgid, uint32_t start);
const struct process *process_find(const struct model *m, uint32_t tgid, uint32_t start); /* NULL: not known */

void processes_update(struct model *m, const struct snapshot *s); /* names and cgroups */
void processes_sweep(struct model *m); /* forgets those that were not read and are no endpoint */
void processes_free(struct model *m);

void process_name(struct process *p, const char comm[IPC_COMM_LEN]);

#endif
