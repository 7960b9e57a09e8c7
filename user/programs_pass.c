// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is read from loaded programs besides maps: iterators and recursion misses. */
#include "programs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "clock.h"
#include "programs_impl.h"

/* Reads an iterator to its end, into malloc'ed data. */
static int run_iterator(int prog, void **data, uint32_t *size)
{
	int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL), fd;
	uint32_t used = 0, room = 0;
	char *buffer = NULL;
	ssize_t n;

	if (link < 0)
		return link;
	fd = bpf_iter_create(link);
	if (fd < 0) {
		n = -errno;
		close(link);
		return n;
	}
	for (;;) {
		if (room - used < 65536) {
			char *more = realloc(buffer, room + 262144);

			if (!more)
				abort();
			buffer = more;
			room += 262144;
		}
		n = read(fd, buffer + used, room - used);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break;
		used += n;
	}
	n = n < 0 ? -errno : 0;
	close(fd);
	close(link);
	*data = buffer;
	*size = used;
	return n;
}

static int compare_holders(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipc_holder_key));
}

static void add_holders(struct programs *p, const void *data, uint32_t size)
{
	size_t cnt = size / sizeof(*p->holders);
	struct ipc_holder_key *more = realloc(p->holders, (p->holders_cnt + cnt) * sizeof(*more) + 1);

	if (!more)
		abort();
	memcpy(more + p->holders_cnt, data, cnt * sizeof(*more));
	p->holders = more;
	p->holders_cnt += cnt;
}

/* All iterators of these mechanisms whose name ends so; what they write are holders. */
static int run_iterators(struct programs *p, uint32_t mechs, const char *suffix)
{
	int err = 0;

	for (unsigned i = 0; i < p->sets_cnt; i++) {
		const struct loaded *l = &p->sets[i].loaded;

		for (unsigned j = 0; (p->sets[i].mechs & mechs) && j < l->programs_cnt; j++) {
			const char *tail = strstr(l->programs[j].name, suffix);
			void *data = NULL;
			uint32_t size = 0;

			if (err || !tail || tail[strlen(suffix)])
				continue;
			err = run_iterator(l->programs[j].fd, &data, &size);
			add_holders(p, data, size);
			free(data);
		}
	}
	return err;
}

static int run_pass(struct programs *p, uint32_t mechs)
{
	int err;

	p->holders_cnt = 0;
	err = run_iterators(p, mechs, "_files");
	if (!err)
		err = run_iterators(p, mechs, "_objects");
	if (!err)
		err = run_iterators(p, mechs, "_mappings");
	qsort(p->holders, p->holders_cnt, sizeof(*p->holders), compare_holders);
	return err ? err : run_iterators(p, mechs, "_names");
}

/* Neither the object's row nor the holder's was taken out of its map. */
static bool is_known(const struct programs *p, const struct ipc_holder_key *key)
{
	struct ipc_object_id id = { .id = key->id, .domain = key->domain, .mech = key->mech };
	struct ipc_process_key holder = { .tgid = key->tgid, .start = key->start };
	struct ipc_process process;
	struct ipc_object object;

	return !bpf_map_lookup_elem(programs_map(p, "objects"), &id, &object) &&
	       !bpf_map_lookup_elem(programs_map(p, "processes"), &holder, &process);
}

/*
 * Who held an end in the pass before, and does no more, is remembered: it was an endpoint.
 * So it is told of once at least before it is forgotten with its object or its process.
 * Of other mechanisms than those looked at now all stays. Takes `past`.
 */
static void remember_holders(struct programs *p, uint32_t mechs, struct ipc_holder_key *past, size_t cnt)
{
	size_t now_cnt = p->holders_cnt;

	for (size_t i = 0; i < cnt; i++) {
		bool was_past;

		if (!(mechs & 1u << past[i].mech)) {
			add_holders(p, &past[i], sizeof(*past));
			continue;
		}
		was_past = past[i].end & END_PAST;
		past[i].end &= ~END_PAST;
		if (bsearch(&past[i], p->holders, now_cnt, sizeof(*past), compare_holders))
			continue;
		past[i].end |= END_PAST;
		if (!was_past || is_known(p, &past[i]))
			add_holders(p, &past[i], sizeof(*past));
	}
	qsort(p->holders, p->holders_cnt, sizeof(*p->holders), compare_holders);
	free(past);
}

const struct ipc_holder_key *programs_holders(const struct programs *p, size_t *cnt)
{
	*cnt = p->holders_cnt;
	return p->holders;
}

uint64_t programs_passes(const struct programs *p)
{
	return p->passes;
}

#define PASS_NS 500000000ull /* between two passes at least */
#define PASS_SHARE 20	     /* which take one part of so many of the time at most */

bool programs_pass_is_cheap(const struct programs *p, unsigned share)
{
	uint64_t share_ns = share * p->pass_took_ns;

	return clock_ns() - p->pass_ns >= (share_ns > PASS_NS ? share_ns : PASS_NS);
}

int programs_pass(struct programs *p, uint32_t mechs)
{
	int fd = programs_map(p, "control_values"), err;
	uint32_t pass = CONTROL_PASS, start = CONTROL_PASS_START_NS;
	struct ipc_holder_key *past = p->holders;
	size_t past_cnt = p->holders_cnt;
	uint64_t now_ns = clock_ns();

	p->holders = NULL;
	bpf_map_update_elem(fd, &pass, &p->passes, BPF_ANY);
	bpf_map_update_elem(fd, &start, &now_ns, BPF_ANY);
	/* a filter finds an object by one end and then its other holders: the second time around */
	err = run_pass(p, mechs);
	if (!err && p->options.config.filtered)
		err = run_pass(p, mechs);
	remember_holders(p, mechs, past, past_cnt);
	p->passes++;
	p->pass_ns = now_ns;
	p->pass_took_ns = clock_ns() - now_ns;
	return err;
}

int programs_iterate(struct programs *p, const char *name, void **data, uint32_t *size)
{
	for (unsigned i = 0; i < p->sets_cnt; i++) {
		int prog = loader_program(&p->sets[i].loaded, name);

		if (prog >= 0)
			return run_iterator(prog, data, size);
	}
	return -ENOENT;
}

/* Of one set's hooks: an exit hook tells which operation was not counted, an entry hook which one's waits were not. */
static uint64_t missed_by_op(const struct set *s, struct missed_ops *ops)
{
	uint64_t charged = 0, missed;

	for (const struct mech_hook *h = set_mech(s)->hooks; h && h->program; h++) {
		if (h->op < 0 && !h->begins)
			continue;
		missed = loader_missed(&s->loaded, h->program);
		charged += missed;
		if (h->op >= 0)
			ops->ended[h->op] += missed;
		else
			ops->begun[h->begins - 1] += missed;
	}
	return charged;
}

uint64_t programs_missed(struct programs *p, struct missed_ops by_mech[MECH_MAX], uint64_t *charged)
{
	uint64_t missed = loader_all_missed(&p->core) + loader_all_missed(&p->syscalls) + loader_all_missed(&p->steps);

	memset(by_mech, 0, MECH_MAX * sizeof(*by_mech));
	*charged = 0;
	for (unsigned i = 0; i < p->sets_cnt; i++) {
		const struct set *s = &p->sets[i];
		struct missed_ops ops = {.shared = !!(s->mechs & (s->mechs - 1))};

		missed += loader_all_missed(&s->loaded);
		*charged += missed_by_op(s, &ops);
		for (unsigned m = 0; m < MECH_MAX; m++)
			if (s->mechs & (1u << m))
				by_mech[m] = ops;
	}
	return missed;
}
