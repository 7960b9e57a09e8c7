// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "compare/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter.h"
#include "model/alloc.h"
#include "model/model.h"
#include "model/words.h"
#include "programs.h"
#include "source/live.h"

struct probe {
	struct programs *programs;
	struct live *live;
	struct snapshot snapshot;
	struct model *model;
	uint32_t pid_ns; /* inode number of ours */
	uint64_t missed[MECH_MAX], lost;
};

static int make_model(struct probe *p, const struct kernel *k, uint32_t profile)
{
	struct model_config config = { .page_size = 1u << k->page_shift };

	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_status *st = programs_status(p->programs, mechanisms[i]);

		if (st->backend != BACKEND_NONE)
			config.can[mechanisms[i]->id] = capability_of(mechanisms[i], st->backend, profile);
	}
	p->model = model_new(&config);
	return p->model ? 0 : -ENOMEM;
}

/*
 * As an ordinary trace of a command would do it, that collects what the default view
 * needs. The command is what descends from us: all else of a busy machine would
 * fill the maps.
 */
struct probe *probe_start(const struct cli_options *o, const struct kernel *k, uint32_t mechs, char *why, size_t size)
{
	struct programs_options wanted = {
		.mechs = mechs,
		.profile = PROFILE_WAITS,
		.backend = o->backend,
		.max_edges = o->max_edges,
		.ring_buffer_bytes = 4096,
		.verbose = o->verbose,
		.config = { .self_tgid = getpid() },
	};
	static const struct cli_options anything;
	struct probe *p = xcalloc(1, sizeof(*p));
	struct stat st;
	int err = filter_configure(&wanted.config, &anything, getpid());

	if (err)
		snprintf(why, size, "%s", strerror(-err));
	else
		err = programs_start(&p->programs, k, &wanted, why, size);
	if (!err && (err = filter_classify_existing(p->programs, &anything, getpid())))
		snprintf(why, size, "%s", strerror(-err));
	if (!err && (err = make_model(p, k, wanted.profile)))
		snprintf(why, size, "%s", strerror(-err));
	if (!err && (err = live_open(&p->live, p->programs, NULL, NULL)))
		snprintf(why, size, "%s", strerror(-err));
	if (!stat("/proc/self/ns/pid", &st))
		p->pid_ns = st.st_ino;
	if (!err)
		return p;
	probe_stop(p);
	return NULL;
}

void probe_stop(struct probe *p)
{
	if (!p)
		return;
	live_close(p->live);
	model_free(p->model);
	snapshot_free(&p->snapshot);
	programs_free(p->programs);
	free(p);
}

/* The next mechanism of the list that this build knows; *at moves on. */
static const struct mechanism *next_mechanism(const char **at)
{
	while (**at) {
		char name[32];
		size_t len = strcspn(*at, ",");
		const struct mechanism *mech;

		snprintf(name, sizeof(name), "%.*s", (int)len, *at);
		*at += len + ((*at)[len] == ',');
		mech = mechanism_by_name(name);
		if (mech)
			return mech;
	}
	return NULL;
}

uint32_t probe_mechanisms(const struct transport *t)
{
	const char *at = t->mechanisms;
	const struct mechanism *mech;
	uint32_t mask = 0;

	while ((mech = next_mechanism(&at)))
		mask |= 1u << mech->id;
	return mask;
}

static int look(struct probe *p)
{
	int err = live_read(p->live, &p->snapshot);

	if (!err)
		model_update(p->model, &p->snapshot);
	return err;
}

/* Is the endpoint our child? In a PID namespace it has another number for the kernel. */
static bool is_process(const struct probe *p, const struct endpoint *e, pid_t pid)
{
	if (e->process->ns_tgid)
		return e->process->ns_tgid == (uint32_t)pid && (!p->pid_ns || e->process->pid_ns == p->pid_ns);
	return e->process->key.tgid == (uint32_t)pid;
}

static void add_endpoint(const struct object *o, const struct endpoint *e, enum end end, struct probed *sum)
{
	for (int op = OP_SEND; op <= OP_RECV; op++) {
		struct side side = { 0 };

		edge_side(e->edges[op], SPAN_TOTAL, &side);
		sum->ops[end] += side.ops;
		*(op == OP_SEND ? &sum->sends : &sum->receives) += side.ops - side.failed;
		sum->waits[end] += side.waits;
		sum->wakes += side.wakes;
		sum->moved_bytes += side.moved_bytes;
		sum->copied_bytes += side_copied_bytes(&side);
	}
	sum->copies_known &= can_see(o->can, UNSEEN_MOVED);
	sum->waits_known &= can_waits(o->can);
	sum->wakes_known &= can_wakes(o->can);
}

static bool uses(const struct transport *t, const struct object *o)
{
	return probe_mechanisms(t) & 1u << o->mech->id;
}

/* What hooks missed since the last look: any of it may have been ours. */
static uint64_t missed_since(struct probe *p, const struct mechanism *mech)
{
	uint64_t before = p->missed[mech->id], now = 0;

	for (int op = OP_SEND; op <= OP_EITHER; op++) {
		struct missed missed;

		if ((op == OP_SEND || op == OP_RECV || op == OP_EITHER) &&
		    total_missed(p->model, mech->id, op, SPAN_TOTAL, &missed))
			now += missed.ended + missed.begun;
	}
	p->missed[mech->id] = now;
	return now - before;
}

static uint64_t lost_since(struct probe *p)
{
	uint64_t before = p->lost;
	struct losses losses;

	model_losses(p->model, SPAN_TOTAL, &losses);
	p->lost = losses.map_full + losses.ring_full + losses.unresolved;
	return p->lost - before;
}

static void note_backends(struct probe *p, const struct transport *t, struct probed *probed)
{
	const char *at = t->mechanisms;
	const struct mechanism *mech;

	probed->why = "not a mechanism of this version";
	while ((mech = next_mechanism(&at))) {
		const struct mech_status *st = programs_status(p->programs, mech);

		if (st->backend == BACKEND_NONE) {
			probed->why = st->why;
			continue;
		}
		probed->known = true;
		if (!probed->backend)
			probed->backend = backend_name(st->backend);
		probed->missed += missed_since(p, mech);
	}
}

int probe_read(struct probe *p, const struct transport *t, const pid_t pid[2], struct probed *probed)
{
	int err;

	*probed = (struct probed){ .why = "not traced" };
	if (!p)
		return 0;
	err = look(p);
	if (err)
		return err;
	note_backends(p, t, probed);
	probed->missed += lost_since(p);
	probed->waits_known = probed->wakes_known = probed->copies_known = probed->known;
	model_for_each_object(p->model, o) {
		if (!uses(t, o))
			continue;
		for (const struct endpoint *e = o->endpoints; e; e = e->next)
			for (int end = 0; end < 2; end++)
				if (is_process(p, e, pid[end]))
					add_endpoint(o, e, end, probed);
	}
	return 0;
}

const char *probe_cause(struct probe *p, const struct transport *t, pid_t pid, enum end end)
{
	struct side sum = { 0 };

	(void)end;
	if (!p || look(p))
		return NULL;
	model_for_each_object(p->model, o) {
		if (!uses(t, o) || !can_waits(o->can))
			continue;
		for (const struct endpoint *e = o->endpoints; e; e = e->next)
			for (int op = OP_SEND; op <= OP_RECV && is_process(p, e, pid); op++)
				edge_side(e->edges[op], SPAN_TOTAL, &sum);
	}
	for (int cause = 1; cause < CAUSE_MAX; cause++)
		if (sum.causes[cause] && cause != CAUSE_LOCK && cause != CAUSE_IO)
			return cause_name(cause);
	return NULL;
}

const char *probe_backend(const struct probe *p, const struct mechanism *mech)
{
	const struct mech_status *st = p ? programs_status(p->programs, mech) : NULL;

	return st && st->backend != BACKEND_NONE ? backend_name(st->backend) : NULL;
}
