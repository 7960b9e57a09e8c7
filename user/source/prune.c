// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/prune.h"

#include <stddef.h>

#include <uthash.h>

#include "model/alloc.h"

#define SECOND 1000000000ull
#define QUIET_NS SECOND
#define BARREN_MAX 4
#define LOOK_NS (4 * SECOND) /* between two looks, as long as there is no hurry */
#define HURRY 5		     /* eighths */

/* An object, as the last readings had it. */
struct seen {
	struct ipc_object_id id;
	uint64_t first_ns, last_ns; /* as in its row */
	uint32_t flags, creations;
	uint64_t sum, sum_before; /* of what its edges count */
	uint64_t quiet_ns;	  /* since when it has not changed */
	bool fresh;		  /* this is the first reading that had it */
	bool read;		  /* its row, at this reading */
	bool used;		  /* by a process that lives, or that is not known to have exited */
	bool busy;		  /* an operation is in progress */
	bool over;		  /* it was no more at the reading before */
	UT_hash_handle hh;
};

/* A process that has exited. */
struct ended {
	struct ipc_process_key key;
	bool read;  /* this reading says so */
	bool named; /* by some row that stays */
	bool over;  /* a second ago, when this reading began */
	UT_hash_handle hh;
};

/* Rows that are to go. */
struct doomed {
	char *keys;
	uint64_t *ops; /* of edges, as read */
	size_t cnt, cap;
};

struct prune {
	struct prune_config config;
	bool pressed; /* some table was more than three eighths full, and one is more than a quarter full still */
	unsigned eighths;
	bool looks;   /* rows of this reading are looked at */
	uint64_t look_ns; /* the last reading whose rows were */
	uint64_t now_ns, pass_ns, missed;
	uint64_t judged_ns; /* the pass that was made when it was last reckoned what passes bring */
	size_t freed;	    /* objects, since that pass */
	unsigned barren;    /* passes one after the other that brought next to nothing, up to BARREN_MAX */
	size_t cnt[PRUNE_TABLES]; /* rows of this reading */
	struct doomed doomed[PRUNE_TABLES];
	struct seen *objects;
	struct ended *processes;
};

/* All keys but those of processes and sleepers begin with the object's id, without its padding. */
#define ID_BYTES offsetof(struct ipc_object_id, pad)
#define BEGINS_WITH_ID(key, member)                                                   \
	_Static_assert(offsetof(struct key, member id) == 0 &&                        \
			       offsetof(struct key, member domain) == 8 &&            \
			       offsetof(struct key, member mech) == 12, "as an object's id")
BEGINS_WITH_ID(ipc_object_id, );
BEGINS_WITH_ID(ipc_edge_key, );
BEGINS_WITH_ID(ipc_error_key, edge.);
BEGINS_WITH_ID(ipc_wake_key, );
BEGINS_WITH_ID(ipc_part_key, obj.);

struct prune *prune_new(const struct prune_config *config)
{
	struct prune *p = xcalloc(1, sizeof(*p));

	p->config = *config;
	return p;
}

static void forget_all(struct prune *p)
{
	struct seen *o, *next_o;
	struct ended *e, *next_e;

	HASH_ITER(hh, p->objects, o, next_o) {
		HASH_DEL(p->objects, o);
		free(o);
	}
	HASH_ITER(hh, p->processes, e, next_e) {
		HASH_DEL(p->processes, e);
		free(e);
	}
}

void prune_free(struct prune *p)
{
	if (!p)
		return;
	forget_all(p);
	for (unsigned i = 0; i < PRUNE_TABLES; i++) {
		free(p->doomed[i].keys);
		free(p->doomed[i].ops);
	}
	free(p);
}

void prune_begin(struct prune *p, uint64_t now_ns, uint64_t pass_ns)
{
	struct seen *o, *next_o;
	struct ended *e, *next_e;

	p->now_ns = now_ns;
	p->pass_ns = pass_ns;
	p->looks = p->pressed && (p->eighths > HURRY || !p->look_ns || now_ns - p->look_ns >= LOOK_NS);
	memset(p->cnt, 0, sizeof(p->cnt));
	if (!p->looks)
		return;
	p->look_ns = now_ns;
	for (unsigned i = 0; i < PRUNE_TABLES; i++)
		p->doomed[i].cnt = 0;
	HASH_ITER(hh, p->objects, o, next_o) {
		o->sum_before = o->sum;
		o->sum = 0;
		o->fresh = o->read = o->used = o->busy = false;
	}
	HASH_ITER(hh, p->processes, e, next_e)
		e->read = e->named = false;
}

static unsigned table_number(const struct snapshot_table *t)
{
	return t - snapshot_tables;
}

static void doom(struct prune *p, const struct snapshot_table *t, const void *key, uint64_t ops)
{
	struct doomed *d = &p->doomed[table_number(t)];

	if (d->cnt == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 256;
		d->keys = xreallocarray(d->keys, d->cap, t->key_size);
		d->ops = xreallocarray(d->ops, d->cap, sizeof(*d->ops));
	}
	memcpy(d->keys + d->cnt * t->key_size, key, t->key_size);
	d->ops[d->cnt++] = ops;
}

static struct seen *seen_find(const struct prune *p, const void *key)
{
	struct ipc_object_id id = { 0 };
	struct seen *o;

	memcpy(&id, key, ID_BYTES);
	HASH_FIND(hh, p->objects, &id, sizeof(id), o);
	return o;
}

static struct seen *seen_get(struct prune *p, const void *key)
{
	struct seen *o = seen_find(p, key);

	if (o)
		return o;
	o = xcalloc(1, sizeof(*o));
	memcpy(&o->id, key, ID_BYTES);
	o->fresh = true;
	o->quiet_ns = p->now_ns;
	HASH_ADD(hh, p->objects, id, sizeof(o->id), o);
	return o;
}

static struct ended *ended_find(const struct prune *p, uint32_t tgid, uint32_t start)
{
	struct ipc_process_key key = { .tgid = tgid, .start = start };
	struct ended *e;

	HASH_FIND(hh, p->processes, &key, sizeof(key), e);
	return e;
}

static void look_at_process(struct prune *p, const struct ipc_process_key *key, const struct ipc_process *row)
{
	struct ended *e;

	if (!row->exited)
		return;
	e = ended_find(p, key->tgid, key->start);
	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->key = *key;
		HASH_ADD(hh, p->processes, key, sizeof(e->key), e);
	}
	e->read = true;
	e->over = ((uint64_t)row->exited << IPC_START_SHIFT) + QUIET_NS <= p->now_ns;
}

static bool is_as_before(const struct seen *o, const struct ipc_object *row)
{
	return o->first_ns == row->first_ns && o->flags == row->flags && o->creations == row->creations;
}

/* The last pass would have found it. What is on its way through a socket it does not find: that begins anew then. */
static bool is_held_by_none(const struct prune *p, unsigned mech, uint64_t first_ns, uint64_t last_ns)
{
	return (p->config.found >> mech & 1) && first_ns < p->pass_ns && last_ns < p->pass_ns;
}

/* It was no more a second ago, whenever it was read. */
static bool is_old(const struct prune *p, unsigned mech, const struct ipc_object *row)
{
	if (row->flags & OBJECT_DESTROYED)
		return row->last_ns + QUIET_NS <= p->now_ns;
	return row->first_ns + QUIET_NS <= p->now_ns && is_held_by_none(p, mech, row->first_ns, row->last_ns);
}

static void changed(const struct prune *p, struct seen *o)
{
	o->quiet_ns = p->now_ns;
	o->over = false;
}

static void look_at_object(struct prune *p, const struct snapshot_table *t, const struct ipc_object_id *key,
			   const struct ipc_object *row)
{
	struct seen *o = seen_get(p, key);

	if (o->fresh)
		o->over = is_old(p, o->id.mech, row);
	else if (!is_as_before(o, row))
		changed(p, o);
	o->first_ns = row->first_ns;
	o->last_ns = row->last_ns;
	o->flags = row->flags;
	o->creations = row->creations;
	o->read = true;
	if (o->over)
		doom(p, t, key, 0);
}

static void look_at_sleeper(struct prune *p, const struct ipc_run *run)
{
	struct ended *e = ended_find(p, run->tgid, run->start);

	if (e)
		e->named = true;
	if (run->obj.mech)
		seen_get(p, &run->obj)->busy = true;
}

static void look_at_edge(struct prune *p, const struct snapshot_table *t, const struct ipc_edge_key *key,
			 const struct ipc_edge *row)
{
	struct seen *o = seen_get(p, key);
	struct ended *e = ended_find(p, key->tgid, key->start);

	o->sum += row->ops + row->waits + row->wakes;
	o->used |= !e;
	if (o->over || (e && e->over))
		doom(p, t, key, row->ops);
	else if (e)
		e->named = true;
}

/* A process that is no more adds to nothing. */
static bool is_over(const struct prune *p, uint32_t tgid, uint32_t start)
{
	const struct ended *e = ended_find(p, tgid, start);

	return e && e->over;
}

/* Does a row go with its object, or with a process that it names? */
static bool row_goes(const struct prune *p, const struct snapshot_table *t, const void *key)
{
	const struct seen *o = seen_find(p, key);
	const struct ipc_edge_key *edge = key;
	const struct ipc_wake_key *wake = key;

	if (o && o->over)
		return true;
	if (SNAPSHOT_TABLE_IS(t, wakes))
		return is_over(p, wake->wakee, wake->wakee_start) || is_over(p, wake->waker, wake->waker_start);
	return (SNAPSHOT_TABLE_IS(t, edges) || SNAPSHOT_TABLE_IS(t, errors) || SNAPSHOT_TABLE_IS(t, hists)) && is_over(p, edge->tgid, edge->start);
}

static void look_at_row(struct prune *p, const struct snapshot_table *t, const void *key, const void *row)
{
	if (SNAPSHOT_TABLE_IS(t, processes))
		look_at_process(p, key, row);
	else if (SNAPSHOT_TABLE_IS(t, objects))
		look_at_object(p, t, key, row);
	else if (SNAPSHOT_TABLE_IS(t, sleepers))
		look_at_sleeper(p, row);
	else if (SNAPSHOT_TABLE_IS(t, edges))
		look_at_edge(p, t, key, row);
	else if (row_goes(p, t, key))
		doom(p, t, key, 0);
}

void prune_look(struct prune *p, const struct snapshot_table *t, const struct snapshot_rows *rows)
{
	p->cnt[table_number(t)] += rows->cnt;
	for (size_t i = 0; p->looks && i < rows->cnt; i++)
		look_at_row(p, t, (const char *)rows->keys + i * t->key_size, (const char *)rows->values + i * t->value_size);
}

/* What happened since it was found to be no more: then it is not. */
static void spare_objects(struct prune *p)
{
	struct seen *o, *next;
	struct ipc_object row;

	HASH_ITER(hh, p->objects, o, next) {
		if (o->busy || (!o->fresh && o->sum != o->sum_before))
			changed(p, o);
		if (o->over && o->read)
			o->over = p->config.look(p->config.ctx, &o->id, &row) && is_as_before(o, &row);
	}
}

static void remove_rows(struct prune *p, const struct snapshot_table *t)
{
	const struct doomed *d = &p->doomed[table_number(t)];

	for (size_t i = 0; i < d->cnt; i++) {
		const char *key = d->keys + i * t->key_size;
		uint64_t ops;

		if (!row_goes(p, t, key))
			continue;
		ops = p->config.remove(p->config.ctx, t, key);
		if (ops > d->ops[i])
			p->missed += ops - d->ops[i];
	}
}

/* Forgets what went, and what there is nothing of. */
static void sweep(struct prune *p)
{
	struct seen *o, *next_o;
	struct ended *e, *next_e;

	HASH_ITER(hh, p->objects, o, next_o) {
		if (!o->over && (o->read || o->used || o->busy || o->sum))
			continue;
		p->freed += o->over;
		HASH_DEL(p->objects, o);
		free(o);
	}
	HASH_ITER(hh, p->processes, e, next_e) {
		bool goes = e->over && !e->named;

		if (goes)
			p->config.remove(p->config.ctx, snapshot_table("processes"), &e->key);
		if (!goes && e->read)
			continue;
		HASH_DEL(p->processes, e);
		free(e);
	}
}

static bool is_no_more(const struct prune *p, const struct seen *o)
{
	if (o->flags & OBJECT_DESTROYED)
		return true;
	if (!o->read || (p->config.lifeless >> o->id.mech & 1)) /* not read: its own row found no room */
		return !o->used;
	return o->quiet_ns < p->pass_ns && is_held_by_none(p, o->id.mech, o->first_ns, o->last_ns);
}

static void judge(struct prune *p)
{
	struct seen *o, *next;

	HASH_ITER(hh, p->objects, o, next)
		o->over = !o->fresh && p->now_ns - o->quiet_ns >= QUIET_NS && is_no_more(p, o);
}

/* How full the fullest table is, in eighths, 0 to 8, rounded up. */
static unsigned fullness(const struct prune *p)
{
	unsigned most = 0;

	for (size_t i = 0; i < snapshot_table_cnt; i++) {
		uint64_t room = p->config.room[i], eighths = room > 1 ? (p->cnt[i] * 8 + room - 1) / room : 0;

		if (eighths > most)
			most = eighths;
	}
	return most;
}

/* There was another pass: has a 32nd of the objects gone since the one before? */
static void reckon_pass(struct prune *p)
{
	size_t objects = p->cnt[table_number(snapshot_table("objects"))];

	if (p->pass_ns == p->judged_ns || (p->pressed && !p->looks))
		return;
	if (!p->looks || p->freed > objects / 32)
		p->barren = 0;
	else if (p->barren < BARREN_MAX)
		p->barren++;
	p->judged_ns = p->pass_ns;
	p->freed = 0;
}

void prune_end(struct prune *p)
{
	reckon_pass(p);
	if (p->looks) {
		spare_objects(p);
		/* an object's own row last: what begins anew meanwhile finds it */
		for (size_t i = 0; i < snapshot_table_cnt; i++)
			if (!SNAPSHOT_TABLE_IS(&snapshot_tables[i], objects) && !SNAPSHOT_TABLE_IS(&snapshot_tables[i], processes))
				remove_rows(p, &snapshot_tables[i]);
		remove_rows(p, snapshot_table("objects"));
		sweep(p);
		judge(p);
	}
	p->eighths = fullness(p);
	p->pressed = p->eighths > (p->pressed ? 2 : 3); /* once begun, not for a few rows only */
	if (p->pressed)
		return;
	forget_all(p);
	p->look_ns = 0;
}

unsigned prune_pass_share(const struct prune *p)
{
	if (!p->pressed || !p->config.found)
		return 0;
	return (p->eighths > 6 ? 3 : p->eighths > HURRY ? 10 : 64) << p->barren; /* where all are alive, looking on would not help */
}

uint64_t prune_missed(const struct prune *p)
{
	return p->missed;
}
