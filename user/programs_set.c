// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One BPF object of hooks: sized maps, config, the hooks that are wanted, and what to do when one is refused. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "programs_impl.h"

#define EDGE_SHARE(n) (o->max_edges / (n) ? o->max_edges / (n) : 1)

static uint32_t power_of_two_below(uint32_t n)
{
	while (n & (n - 1))
		n &= n - 1;
	return n;
}

static unsigned bits_for(uint64_t n)
{
	unsigned bits = 0;

	while (1ull << bits < n)
		bits++;
	return bits;
}

/* Of the hints: four times as many as rows, so that few share one when all are in use, as far as a map may be so long. */
static unsigned hint_bits(const struct programs_options *o)
{
	unsigned bits = bits_for(4ull * o->max_edges);

	return bits < IPC_HINT_BITS_MAX ? bits : IPC_HINT_BITS_MAX;
}

/* Of what is known: a place for each of the ends that as many edges can have, twice, for the same reason. */
static unsigned known_bits(const struct programs_options *o)
{
	unsigned bits = bits_for(2ull * o->max_edges);

	return bits < IPC_KNOWN_BITS_MAX ? bits : IPC_KNOWN_BITS_MAX;
}

/* A map that mechanisms have for themselves, and none of those that are traced. */
static bool is_unused(const char *name, uint32_t mechs)
{
	bool unused = false;

	for (size_t i = 0; i < mechanism_cnt; i++)
		for (const char *const *map = mechanisms[i]->maps; map && *map; map++) {
			if (strcmp(*map, name))
				continue;
			if (mechs & 1u << mechanisms[i]->id)
				return false;
			unused = true;
		}
	return unused;
}

/* Every size follows from --max-edges; what nothing asks for has one entry. */
uint32_t map_entries(const char *name, const void *arg)
{
	const struct programs *p = arg;
	const struct programs_options *o = &p->options;
	const uint32_t known = 1u << known_bits(o);
	const struct {
		const char *name;
		uint32_t entries;
	} sizes[] = {
		{"edges", EDGE_SHARE(1)},
		{"rows", EDGE_SHARE(1)},
		{"hints", 1u << hint_bits(o)},
		{"free_rows", EDGE_SHARE(1)},
		{"objects", EDGE_SHARE(2)},
		{"processes", EDGE_SHARE(4)},
		{"errors", EDGE_SHARE(4)},
		{"wakes", EDGE_SHARE(4)},
		{"wake_rows", power_of_two_below(EDGE_SHARE(4))},
		{"hists", o->profile & PROFILE_LATENCY ? EDGE_SHARE(4) : 1},
		{"residency", o->profile & PROFILE_RESIDENCY ? EDGE_SHARE(16) : 1},
		{"parts", o->profile & PROFILE_DETAIL ? EDGE_SHARE(4) : 1},
		{"makers", EDGE_SHARE(4)},
		{"stamps", o->profile & PROFILE_RESIDENCY ? EDGE_SHARE(1) : 1},
		{"names", EDGE_SHARE(16)},
		{"aliases", EDGE_SHARE(4)},
		{"known_objects", known},
		{"known_slots", o->config.filtered ? known : 1},
		{"known_pairs", known},
		{"known_ends", known},
		{"displaced_ends", EDGE_SHARE(4)},
		{"typed_pairs", p->kernel->keeps_pointers ? known / 2 : 1},
		{"typed_queues", p->kernel->keeps_pointers ? 1 << IPC_KEPT_POINTERS_BITS : 1},
		{"typed_mqueues", p->kernel->keeps_pointers ? 1 << IPC_KEPT_POINTERS_BITS : 1},
		{"sleepers", EDGE_SHARE(8)}, /* those that find no row of `kept`, at most half of random TIDs */
		{"kept", power_of_two_below(EDGE_SHARE(4))},
		{"running", 1u << bits_for(p->kernel->cpus)},
		{"stacks", o->profile & PROFILE_STACKS ? EDGE_SHARE(4) : 1},
		{"stack_sleeps", o->profile & PROFILE_STACKS ? EDGE_SHARE(4) : 1},
		{"stack_waits", o->profile & PROFILE_STACKS ? EDGE_SHARE(2) : 1},
		{"classes", o->config.filtered ? p->kernel->pid_max + 1 : 1},
		{"events", o->profile & PROFILE_EVENTS ? o->ring_buffer_bytes : 4096},
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!strcmp(sizes[i].name, name))
			return is_unused(name, o->mechs) ? 1 : sizes[i].entries;
	return 0;
}

static uint32_t way_of(const struct kernel *k, const struct ipc_config *config)
{
	if (config->asked != PROFILE_WAITS || config->profile != PROFILE_WAITS || config->failed_only || config->min_ns)
		return WAY_ANY;
	return (k->has_rdonly_cast ? WAY_AT : WAY_PLAIN) | (config->filtered ? WAY_FILTERED : 0);
}

/* What programs for one way alone are called by: its name, behind that of the program for any. */
static const char *way_suffix(uint32_t way)
{
	return way == WAY_AT ? "_at" : way == WAY_PLAIN ? "_plain" : NULL;
}

int object_prepare(struct programs *p, struct loaded *l, uint32_t mechs, bool syscalls)
{
	struct ipc_config config = p->options.config;
	int err = loader_maps(l, &p->maps, map_entries, p);

	config.mechs = mechs;
	config.asked = config.profile = p->options.profile;
	/* --counts too: what a call was about is kept while it sleeps, or it would not be counted */
	for (size_t i = 0; i < mechanism_cnt; i++)
		if (syscalls || l == &p->core || ((mechs & (1u << mechanisms[i]->id)) && mechanisms[i]->follows_calls))
			config.profile |= PROFILE_WAITS;
	config.way = syscalls ? WAY_ANY : way_of(p->kernel, &config);
	l->way = way_suffix(config.way);
	config.syscall_backend = syscalls;
	config.kept_mask = map_entries("kept", p) - 1;
	config.wake_mask = map_entries("wake_rows", p) - 1;
	config.hint_shift = 64 - hint_bits(&p->options);
	config.known_shift = 64 - known_bits(&p->options);
	config.known_mask = (1u << known_bits(&p->options)) - 1;
	config.cpu_mask = map_entries("running", p) - 1;
	config.no_probe_read = p->kernel->lockdown == LOCKDOWN_CONFIDENTIALITY;
	config.page_shift = p->kernel->page_shift;
	config.pid_max = p->kernel->pid_max;
	config.pipefs_device = p->kernel->pipefs_device;
	config.wake_function = p->kernel->wake_function;
	config.plain_wake_function = p->kernel->plain_wake_function;
	config.datagram_wake_function = p->kernel->datagram_wake_function;
	config.woken_wake_function = p->kernel->woken_wake_function;
	return err ? err : loader_rodata(l, "cfg", &config, sizeof(config));
}

void set_why(struct programs *p, uint32_t mechs, const char *format, const char *a, const char *b)
{
	for (unsigned i = 0; i < MECH_MAX; i++)
		if (mechs & (1u << i))
			snprintf(p->status[i].why, sizeof(p->status[i].why), format, a, b);
}

const struct mechanism *set_mech(const struct set *s)
{
	for (unsigned i = 0; i < MECH_MAX; i++)
		if (s->mechs & (1u << i))
			return mechanism_by_id(i);
	return NULL;
}

/* Tracepoints are for both backends, or for one; functions for the one that may hook them. */
static bool hook_applies(const struct set *s, const struct mech_hook *h)
{
	if (h->only)
		return s->backend == h->only;
	return s->backend == BACKEND_FUNCTION || h->tracepoint;
}

/* Which kernel function a hook goes to, or false when it is not wanted or not there. */
static bool hook_wanted(const struct programs *p, const struct mech_hook *h, char *function, uint32_t size)
{
	if (h->needs && !(h->needs & p->options.profile))
		return false;
	return kernel_function(p->kernel, h->functions, function, size);
}

static bool is_dropped(const char *program, char (*dropped)[64], unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++)
		if (!strcmp(dropped[i], program))
			return true;
	return false;
}

static bool ends_in(const char *name, const char *suffix)
{
	const char *tail = strstr(name, suffix);

	return tail && !tail[strlen(suffix)];
}

/* Iterators that only add to what is known: names, and who has what mapped, which kernels before 5.13 cannot tell. */
static bool is_spare_iterator(const char *program)
{
	return ends_in(program, "_names") || ends_in(program, "_mappings");
}

static bool has_iterator(const struct programs *p, const char *section)
{
	const char *target = strchr(section, '/') + 1;
	char function[64], found[64];

	snprintf(function, sizeof(function), "bpf_iter_%.40s", target);
	return kernel_function(p->kernel, function, found, sizeof(found));
}

/* The iterators that every backend has, or those of the one view that asked for iterators alone: they take the verifier long. */
static void autoload_iterators(const struct programs *p, struct loaded *l, char (*dropped)[64], unsigned dropped_cnt)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, l->obj) {
		const char *name = bpf_program__name(prog), *section = bpf_program__section_name(prog);

		if (strstr(section, "iter/") && !is_dropped(name, dropped, dropped_cnt) &&
		    p->options.rings == !!strstr(name, "_ring") && (!is_spare_iterator(name) || has_iterator(p, section)))
			bpf_program__set_autoload(prog, true);
	}
}

/* Opens the object with the hooks that are wanted and not dropped. Returns -ENOTSUP when a needed one has no function. */
static int open_hooks(struct programs *p, struct set *s, char (*dropped)[64], unsigned dropped_cnt)
{
	const struct mech_hook *h;
	char function[64];
	int err = loader_open(&s->loaded, s->name);

	if (err || (err = object_prepare(p, &s->loaded, s->mechs, s->backend == BACKEND_SYSCALL)))
		return err;
	autoload_iterators(p, &s->loaded, dropped, dropped_cnt);
	if (p->options.iterators_only)
		return 0;
	for (h = set_mech(s)->hooks; h && h->program; h++) {
		struct bpf_program *prog = loader_find(&s->loaded, h->program);

		if (!prog || !hook_applies(s, h) || is_dropped(h->program, dropped, dropped_cnt))
			continue;
		if (h->tracepoint) {
			bpf_program__set_autoload(prog, !h->needs || (h->needs & p->options.profile));
			continue;
		}
		if (!hook_wanted(p, h, function, sizeof(function))) {
			if (h->optional || (h->needs && !(h->needs & p->options.profile)))
				continue;
			set_why(p, s->mechs, "no function %s%s in this kernel's BTF", h->functions, "");
			return -ENOTSUP;
		}
		bpf_program__set_autoload(prog, true);
		err = bpf_program__set_attach_target(prog, 0, function);
		if (err)
			return err;
	}
	return 0;
}

static const struct mech_hook *find_hook(const struct set *s, const char *program)
{
	const struct mech_hook *h;

	for (h = set_mech(s)->hooks; h && h->program; h++)
		if (!strcmp(h->program, program))
			return h;
	return NULL;
}

/* May this program be missing? */
static bool can_drop(const struct set *s, const char *program)
{
	const struct mech_hook *h = find_hook(s, program);

	return h ? h->optional : is_spare_iterator(program);
}

static void forget_hooks(struct programs *p, uint32_t mechs)
{
	for (unsigned i = 0; i < MECH_MAX; i++)
		if (mechs & (1u << i))
			p->status[i].hooks_cnt = p->status[i].unhooked_cnt = 0;
}

/* Loads a set; an optional program that the kernel refuses is left out and the rest tried again. */
int set_load(struct programs *p, struct set *s)
{
	char dropped[16][64];
	unsigned dropped_cnt = 0;

	forget_hooks(p, s->mechs); /* of another backend that was tried */
	for (;;) {
		const struct mech_hook *h;
		int err = open_hooks(p, s, dropped, dropped_cnt);

		if (!err)
			err = loader_load(&s->loaded);
		if (!err)
			return 0;
		h = s->loaded.failed[0] ? find_hook(s, s->loaded.failed) : NULL;
		if (!p->status[set_mech(s)->id].why[0])
			set_why(p, s->mechs, "loading %s: %s", h ? h->functions : s->name, strerror(-err));
		loader_close(&s->loaded);
		/* EPERM is said of the program type, not of this program: the others fare no better */
		if (err == -EPERM || dropped_cnt == 16 || !can_drop(s, s->loaded.failed))
			return err;
		if (!h)
			note_hook(p, s->mechs, "iter", s->loaded.failed, false);
		snprintf(dropped[dropped_cnt++], sizeof(dropped[0]), "%s", s->loaded.failed);
		set_why(p, s->mechs, "", "", "");
	}
}

void note_hook(struct programs *p, uint32_t mechs, const char *how, const char *function, bool hooked)
{
	for (unsigned i = 0; i < MECH_MAX; i++) {
		struct mech_status *st = &p->status[i];

		if (!(mechs & (1u << i)))
			continue;
		if (hooked && st->hooks_cnt < 64)
			snprintf(st->hooks[st->hooks_cnt++], sizeof(st->hooks[0]), "%.12s:%.48s", how, function);
		else if (!hooked && st->unhooked_cnt < 64)
			snprintf(st->unhooked[st->unhooked_cnt++], sizeof(st->unhooked[0]), "%.12s:%.48s", how, function);
	}
}

/* "fentry", "fexit" or "tp_btf" of a program, from its section. */
static void hook_kind(const struct bpf_program *prog, char *kind, size_t size)
{
	const char *section = bpf_program__section_name(prog);

	section += *section == '?';
	snprintf(kind, size, "%.*s", (int)strcspn(section, "/"), section);
}

bool set_has_tracepoints(const struct set *s)
{
	for (const struct mech_hook *h = set_mech(s)->hooks; h && h->program; h++)
		if (h->tracepoint)
			return true;
	return false;
}

int set_attach(struct programs *p, struct set *s)
{
	const struct mech_hook *h;
	char function[64], kind[16];

	for (h = set_mech(s)->hooks; h && h->program; h++) {
		struct bpf_program *prog = loader_find(&s->loaded, h->program);
		int err;

		if (!prog || !hook_applies(s, h) || (h->needs && !(h->needs & p->options.profile)))
			continue;
		hook_kind(prog, kind, sizeof(kind));
		err = loader_attach(&s->loaded, h->program);
		if (h->tracepoint || !kernel_function(p->kernel, h->functions, function, sizeof(function)))
			snprintf(function, sizeof(function), "%s", h->functions);
		note_hook(p, s->mechs, kind, function, !err);
		if (err && !h->optional) {
			forget_hooks(p, s->mechs);
			set_why(p, s->mechs, "attaching to %s: %s", function, strerror(-err));
			return err;
		}
	}
	return 0;
}
