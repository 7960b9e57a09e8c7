// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/select.h"

#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <uthash.h>

#include "cgroup.h"

/* Which criteria some endpoint of the object meets. */
enum met {
	MET_EITHER = 1 << 0,
	MET_SRC = 1 << 1,
	MET_DST = 1 << 2,
	MET_NAME = 1 << 3,
};

struct wanted {
	struct ipc_object_id id;
	unsigned met;
	bool there; /* in this snapshot */
	UT_hash_handle hh;
};

struct known {
	struct ipc_process_key key;
	const struct ipc_process *process;
	UT_hash_handle hh;
};

struct selection {
	const struct cli_options *options;
	int classes;
	bool command;
	unsigned needed; /* enum met: all of these */
	bool recorded; /* else the programs matched cgroups, though not on which side */
	bool (*cgroup_path)(void *ctx, uint64_t id, char *path, size_t size);
	void *ctx;
	struct known *processes;
	struct wanted **objects; /* those of earlier snapshots, too */
};

static bool listed(const uint32_t *list, uint32_t cnt, uint32_t id)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (list[i] == id)
			return true;
	return false;
}

static bool in_cgroup(const struct selection *sel, const struct cli_filter *f, const struct ipc_process *p)
{
	char path[4096];
	bool known;

	if (!f->cgroup && !f->container && !f->unit)
		return true;
	known = p && sel->cgroup_path(sel->ctx, p->cgroup_id, path, sizeof(path));
	if (sel->recorded)
		return cgroup_is_wanted(f, known ? path : NULL);
	return !known || !f->cgroup || cgroup_is_below(path, f->cgroup);
}

/* Threads are no endpoints: a criterion by TID has done its work in the kernel. */
static bool process_matches(const struct selection *sel, const struct cli_filter *f, uint32_t tgid,
			    const struct ipc_process *p)
{
	if (filter_is_empty(f))
		return false;
	return (!f->pid_cnt || listed(f->pids, f->pid_cnt, tgid)) && (!f->uid_set || (p && p->uid == f->uid)) &&
	       (!f->comm[0] || (p && !strncmp(p->comm, f->comm, IPC_COMM_LEN))) && in_cgroup(sel, f, p);
}

/* Matched in the kernel: by its thread, its cgroup's parents or its descent. */
static bool in_class(const struct selection *sel, uint32_t tgid)
{
	uint8_t class = CLASS_UNKNOWN;

	if (sel->classes >= 0)
		bpf_map_lookup_elem(sel->classes, &tgid, &class);
	return class == CLASS_FOLLOWED || class == CLASS_HOLDS ||
	       (class == CLASS_IN && filter_is_empty(&sel->options->src) && filter_is_empty(&sel->options->dst));
}

static unsigned endpoint_meets(const struct selection *sel, uint32_t tgid, uint32_t start, unsigned op)
{
	struct ipc_process_key key = {.tgid = tgid, .start = start};
	const struct cli_options *o = sel->options;
	const struct ipc_process *p;
	struct known *known;
	unsigned met = 0;

	HASH_FIND(hh, sel->processes, &key, sizeof(key), known);
	p = known ? known->process : NULL;
	if (op == OP_SEND && process_matches(sel, &o->src, tgid, p))
		met |= MET_SRC;
	if (op == OP_RECV && process_matches(sel, &o->dst, tgid, p))
		met |= MET_DST;
	if (process_matches(sel, &o->either, tgid, p) || in_class(sel, tgid))
		met |= MET_EITHER;
	return met;
}

static struct wanted *find(const struct selection *sel, uint64_t id, uint32_t domain, uint16_t mech)
{
	struct ipc_object_id key = {.id = id, .domain = domain, .mech = mech};
	struct wanted *w;

	HASH_FIND(hh, *sel->objects, &key, sizeof(key), w);
	return w;
}

static void want(struct selection *sel, uint64_t id, uint32_t domain, uint16_t mech, unsigned met)
{
	struct wanted *w;

	if (!met)
		return;
	w = find(sel, id, domain, mech);
	if (!w) {
		w = calloc(1, sizeof(*w));
		if (!w)
			abort();
		w->id = (struct ipc_object_id){.id = id, .domain = domain, .mech = mech};
		HASH_ADD(hh, *sel->objects, id, sizeof(w->id), w);
	}
	w->met |= met;
	w->there = true;
}

static bool is_wanted(const struct selection *sel, uint64_t id, uint32_t domain, uint16_t mech)
{
	const struct wanted *w = find(sel, id, domain, mech);

	return w && (w->met & sel->needed) == sel->needed;
}

static void find_wanted(struct selection *sel, const struct snapshot *s)
{
	struct wanted *w, *next;

	HASH_ITER(hh, *sel->objects, w, next)
		w->there = false;
	for (size_t i = 0; i < s->edges.cnt; i++) {
		const struct ipc_edge_key *e = &s->edges.keys[i];

		want(sel, e->id, e->domain, e->mech, endpoint_meets(sel, e->tgid, e->start, e->op));
	}
	/* what a command inherited and never touched is not its doing */
	for (size_t i = 0; !sel->command && i < s->holders.cnt; i++) {
		const struct ipc_holder_key *h = &s->holders.keys[i];

		want(sel, h->id, h->domain, h->mech, endpoint_meets(sel, h->tgid, h->start, h->op));
	}
	for (size_t i = 0; i < s->sleepers.cnt; i++) {
		const struct ipc_run *r = &s->sleepers.values[i];

		want(sel, r->obj.id, r->obj.domain, r->obj.mech, endpoint_meets(sel, r->tgid, r->start, r->op));
	}
}

/* Keeps the rows whose object is wanted, in place. at: where a key (or value) names its object. */
#define KEEP(rows, array, member)                                                                      \
	do {                                                                                           \
		size_t kept = 0;                                                                       \
		for (size_t i = 0; i < (rows).cnt; i++) {                                              \
			if (!is_wanted(&sel, (rows).array[i] member id, (rows).array[i] member domain, \
				       (rows).array[i] member mech))                                   \
				continue;                                                              \
			(rows).keys[kept] = (rows).keys[i];                                            \
			(rows).values[kept++] = (rows).values[i];                                      \
		}                                                                                      \
		(rows).cnt = kept;                                                                     \
	} while (0)

static void free_known(struct selection *sel)
{
	struct known *k, *next_known;

	HASH_ITER(hh, sel->processes, k, next_known) {
		HASH_DEL(sel->processes, k);
		free(k);
	}
}

static void is_there(const struct selection *sel, uint64_t id, uint32_t domain, uint16_t mech)
{
	struct wanted *w = find(sel, id, domain, mech);

	if (w)
		w->there = true;
}

/* What is in no row any more gives its room back here, too. */
static void forget_gone(struct selection *sel, const struct snapshot *s)
{
	struct wanted *w, *next;

	for (size_t i = 0; i < s->objects.cnt; i++)
		is_there(sel, s->objects.keys[i].id, s->objects.keys[i].domain, s->objects.keys[i].mech);
	for (size_t i = 0; i < s->edges.cnt; i++)
		is_there(sel, s->edges.keys[i].id, s->edges.keys[i].domain, s->edges.keys[i].mech);
	HASH_ITER(hh, *sel->objects, w, next) {
		if (w->there)
			continue;
		HASH_DEL(*sel->objects, w);
		free(w);
	}
}

void wanted_free(struct wanted *objects)
{
	struct wanted *w, *next;

	HASH_ITER(hh, objects, w, next) {
		HASH_DEL(objects, w);
		free(w);
	}
}

/* Of a recording: the programs know it already in a live session. */
static bool is_named(const struct cli_options *o, const struct snapshot *s, const struct ipc_object_id *id)
{
	const struct mechanism *mech = mechanism_by_id(id->mech);
	char text[64] = "";

	if (mech)
		mech->format_id(id, text, sizeof(text));
	if (!strcmp(text, o->object))
		return true;
	for (size_t i = 0; i < s->names.cnt; i++)
		if (!memcmp(&s->names.keys[i], id, sizeof(*id)))
			return !strncmp(s->names.values[i].path, o->object, IPC_NAME_LEN);
	return false;
}

static void want_named(struct selection *sel, const struct snapshot *s)
{
	for (size_t i = 0; i < s->objects.cnt; i++)
		if (is_named(sel->options, s, &s->objects.keys[i]))
			want(sel, s->objects.keys[i].id, s->objects.keys[i].domain, s->objects.keys[i].mech, MET_NAME);
}

static unsigned needed(const struct cli_options *o, bool command)
{
	return (command || !filter_is_empty(&o->either) ? MET_EITHER : 0) | (filter_is_empty(&o->src) ? 0 : MET_SRC) |
	       (filter_is_empty(&o->dst) ? 0 : MET_DST) | (o->read && o->object ? MET_NAME : 0);
}

bool snapshot_selects(const struct cli_options *o, bool command)
{
	return needed(o, command);
}

static void select_rows(struct snapshot *s, struct selection sel)
{
	if (!sel.needed)
		return;
	for (size_t i = 0; i < s->processes.cnt; i++) {
		struct known *k = calloc(1, sizeof(*k));

		if (!k)
			abort();
		k->key = s->processes.keys[i];
		k->process = &s->processes.values[i];
		HASH_ADD(hh, sel.processes, key, sizeof(k->key), k);
	}
	find_wanted(&sel, s);
	if (sel.needed & MET_NAME)
		want_named(&sel, s);
	forget_gone(&sel, s);
	KEEP(s->edges, keys, .);
	KEEP(s->objects, keys, .);
	KEEP(s->holders, keys, .);
	KEEP(s->errors, keys, .edge.);
	KEEP(s->wakes, keys, .);
	KEEP(s->hists, keys, .);
	KEEP(s->residency, keys, .);
	KEEP(s->parts, keys, .obj.);
	KEEP(s->stack_waits, keys, .obj.);
	KEEP(s->sleepers, values, .obj.);
	KEEP(s->names, keys, .);
	free_known(&sel);
}

void snapshot_select(struct snapshot *s, const struct cli_options *o, int classes, bool command, struct wanted **wanted)
{
	select_rows(s, (struct selection){.options = o, .objects = wanted, .classes = classes, .command = command,
					  .needed = needed(o, command), .cgroup_path = cgroup_path_of});
}

void snapshot_select_recorded(struct snapshot *s, const struct cli_options *o,
			      bool (*cgroup_path)(void *ctx, uint64_t id, char *path, size_t size), void *ctx,
			      struct wanted **wanted)
{
	select_rows(s, (struct selection){.options = o, .objects = wanted, .classes = -1, .needed = needed(o, false),
					  .recorded = true, .cgroup_path = cgroup_path, .ctx = ctx});
}
