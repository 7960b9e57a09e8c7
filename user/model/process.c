// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "model/alloc.h"
#include "model/model.h"
#include "model/place.h"

#define SWEEP_TICKS 4 /* those that ended may stay a while */

const struct process *process_find(const struct model *m, uint32_t tgid, uint32_t start)
{
	struct ipc_process_key key = { .tgid = tgid, .start = start };
	struct process *p;

	HASH_FIND(hh, m->processes, &key, sizeof(key), p);
	return p;
}

const char *endpoint_kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[ENDPOINT_PROCESS] = "process",	  [ENDPOINT_KERNEL] = "kernel", [ENDPOINT_FAULT] = "fault",
		[ENDPOINT_TERMINAL] = "terminal", [ENDPOINT_TIMER] = "timer",	[ENDPOINT_OOM] = "oom-killer",
		[ENDPOINT_FILE] = "file",    [ENDPOINT_EXITED] = "exited",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[ENDPOINT_KERNEL];
}

struct process *process_get(struct model *m, uint32_t tgid, uint32_t start)
{
	struct process *p = (struct process *)process_find(m, tgid, start);

	if (p)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->key = (struct ipc_process_key){ .tgid = tgid, .start = start };
	p->row = CURSOR_NO_ROW;
	if (!tgid)
		snprintf(p->comm, sizeof(p->comm), "%s", endpoint_kind_name(start));
	HASH_ADD(hh, m->processes, key, sizeof(p->key), p);
	return p;
}

static void cgroup_set(struct cgroup *c, const char *path)
{
	char name[PLACE_LEN];

	c->path = xstrdup(path);
	if (place_container(path, name))
		c->container = xstrdup(name);
	if (place_unit(path, name))
		c->unit = xstrdup(name);
}

/* A path is asked for once: a cgroup that is gone later keeps its name. */
static const struct cgroup *cgroup_get(struct model *m, uint64_t id)
{
	char path[4096];
	struct cgroup *c;

	if (!id || !m->config.cgroup_path)
		return NULL;
	HASH_FIND(hh, m->cgroups, &id, sizeof(id), c);
	if (c)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->id = id;
	if (m->config.cgroup_path(m->config.ctx, id, path, sizeof(path)))
		cgroup_set(c, path);
	HASH_ADD(hh, m->cgroups, id, sizeof(c->id), c);
	return c;
}

void processes_update(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->processes.cnt; i++) {
		const struct ipc_process_key *key = &s->processes.keys[i];
		const struct ipc_process *row = &s->processes.values[i];
		struct process *p = cursor_guess(&m->process_rows);

		if (!p || p->key.tgid != key->tgid || p->key.start != key->start)
			p = process_get(m, key->tgid, key->start);
		cursor_take(&m->process_rows, p, &p->row);
		memcpy(p->comm, row->comm, IPC_COMM_LEN);
		p->ns_tgid = row->ns_tgid;
		p->pid_ns = row->pid_ns;
		p->tick = m->tick;
		p->exited = row->exited;
		if (row->cgroup_id && (!p->cgroup || p->cgroup->id != row->cgroup_id))
			p->cgroup = cgroup_get(m, row->cgroup_id);
	}
}

/* Of who sleeps in its first operation, all that was taken is the name. */
void process_name(struct process *p, const char comm[IPC_COMM_LEN])
{
	if (!p->comm[0])
		memcpy(p->comm, comm, IPC_COMM_LEN);
}

void processes_sweep(struct model *m)
{
	struct process *p, *next;

	if (m->tick % SWEEP_TICKS || HASH_COUNT(m->processes) == m->process_rows.cnt)
		return;
	objects_fold(m);
	HASH_ITER(hh, m->processes, p, next) {
		if (p->users || p->tick == m->tick)
			continue;
		HASH_DEL(m->processes, p);
		free(p);
	}
}

void processes_free(struct model *m)
{
	struct process *p, *next;
	struct cgroup *c, *next_c;

	HASH_ITER(hh, m->processes, p, next) {
		HASH_DEL(m->processes, p);
		free(p);
	}
	HASH_ITER(hh, m->cgroups, c, next_c) {
		HASH_DEL(m->cgroups, c);
		free(c->path);
		free(c->container);
		free(c->unit);
		free(c);
	}
	cursor_free(&m->process_rows);
}
