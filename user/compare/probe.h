/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's side saw of two processes: the programs of a trace, and a model fed by them. */
#ifndef COMPARE_PROBE_H
#define COMPARE_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli.h"
#include "compare/transport.h"
#include "kernel.h"

struct probe; /* opaque */

/* Sends of the sender and receives of the receiver, on objects of the transport's mechanisms. */
struct probed {
	bool known;	  /* any of its mechanisms is traced */
	bool waits_known, wakes_known, copies_known;
	uint64_t ops[2];  /* by end: sends of both kinds of which it is the process, and receives */
	uint64_t sends, receives;
	uint64_t copied_bytes, moved_bytes;
	uint64_t waits[2], wakes;
	uint64_t missed;  /* by hooks of these mechanisms, or found no room: at most, since the last look */
	const char *backend; /* of the first of them that is traced */
	const char *why;     /* not known: why not */
};

/* Traces the mechanisms, a bit each. NULL: it cannot be done here, why[size] says why. */
struct probe *probe_start(const struct cli_options *o, const struct kernel *k, uint32_t mechanisms, char *why,
			  size_t size);
void probe_stop(struct probe *p);

/* Mechanisms that a transport uses and this build knows, a bit each. */
uint32_t probe_mechanisms(const struct transport *t);

/* 0 or -errno. p may be NULL: nothing is known. */
int probe_read(struct probe *p, const struct transport *t, const pid_t pid[2], struct probed *probed);

/* The word for what a process waits for in a send or receive of the transport; NULL: not known. */
const char *probe_cause(struct probe *p, const struct transport *t, pid_t pid, enum end end);

/* The backend by which a mechanism is traced; NULL: it is not. */
const char *probe_backend(const struct probe *p, const struct mechanism *mech);

#endif
