// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs_impl.h"
#include "syscall_tables.h"

static void autoload(struct loaded *l, const char *program, bool wanted)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(l->obj, program);

	if (prog)
		bpf_program__set_autoload(prog, wanted);
}

static const char *const switch_programs[] = {"switch_without_state", "switch_with_state"};

/* The scheduler's hooks are loaded before it is known who needs them: a call that sleeps is followed by them. */
static int start_core(struct programs *p)
{
	bool waits = !p->options.iterators_only;
	const char *on_switch = switch_programs[p->kernel->switch_has_state];
	int err = loader_open(&p->core, "core");

	if (err || (err = object_prepare(p, &p->core, p->options.mechs, false)))
		return err;
	autoload(&p->core, on_switch, waits);
	autoload(&p->core, "waking", waits);
	if (!p->options.iterators_only) {
		autoload(&p->core, "process_exec", true);
		autoload(&p->core, "process_exit", true);
		autoload(&p->core, "process_fork", p->options.config.filtered);
	}
	err = loader_load(&p->core);
	if (err)
		return err;
	loader_share(&p->core, &p->maps);
	return rows_start(p);
}

/* Does anybody ask how long calls sleep, or need to know a call again that has slept? */
static bool follows_sleepers(const struct programs *p, uint32_t by_syscall)
{
	bool follows = (p->options.profile & PROFILE_WAITS) || by_syscall;

	for (unsigned i = 0; i < p->sets_cnt; i++)
		follows |= p->sets[i].loaded.programs_cnt && set_mech(&p->sets[i])->follows_calls;
	return follows;
}

static int attach_core(struct programs *p, bool sleepers)
{
	const char *const all[] = {"process_exec", "process_exit", "process_fork", sleepers ? "waking" : NULL,
				   sleepers ? switch_programs[p->kernel->switch_has_state] : NULL};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int err = all[i] ? loader_attach(&p->core, all[i]) : 0;

		if (err && err != -ENOENT)
			return err;
	}
	loader_keep(&p->core);
	return 0;
}

/* Steps of tasks are seen in the same way whatever the mechanisms' backends are. */
static int start_steps(struct programs *p)
{
	const char *const all[] = {p->kernel->switch_has_state ? "step_switch_with_state" : "step_switch_without_state",
				   "step_waking", "step_fork", "step_exit"};
	int err = loader_open(&p->steps, "steps");

	if (err || (err = object_prepare(p, &p->steps, p->options.mechs, false)))
		return err;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		autoload(&p->steps, all[i], true);
	err = loader_load(&p->steps);
	for (size_t i = 0; !err && i < sizeof(all) / sizeof(*all); i++)
		err = loader_attach(&p->steps, all[i]);
	loader_keep(&p->steps);
	return err;
}

/* One set with the best backend that is allowed and attaches. */
static int start_set(struct programs *p, struct set *s)
{
	int err = -ENOTSUP;

	if (p->options.iterators_only) {
		s->backend = BACKEND_SYSCALL; /* no hooks */
		return set_load(p, s);
	}
	if (p->options.backend != BACKEND_SYSCALL) {
		s->backend = BACKEND_FUNCTION;
		err = set_load(p, s);
		if (!err && !(err = set_attach(p, s)))
			return 0;
		loader_close(&s->loaded);
	}
	if (p->options.backend != BACKEND_FUNCTION && (set_mech(s)->syscalls || set_has_tracepoints(s))) {
		s->backend = BACKEND_SYSCALL;
		err = set_load(p, s);
		if (!err)
			err = set_attach(p, s);
	}
	return err;
}

/* The mechanisms that are wanted, by the object that has their programs. */
static void make_sets(struct programs *p)
{
	for (size_t m = 0; m < mechanism_cnt; m++) {
		const struct mechanism *mech = mechanisms[m];
		unsigned i;

		p->status[mech->id].mech = mech;
		if (!(p->options.mechs & (1u << mech->id)))
			continue;
		for (i = 0; i < p->sets_cnt && strcmp(p->sets[i].name, mech->object); i++)
			;
		if (i == MAX_SETS)
			continue;
		if (i == p->sets_cnt)
			p->sets[p->sets_cnt++].name = mech->object;
		p->sets[i].mechs |= 1u << mech->id;
	}
}

static void note_syscalls(struct programs *p, uint32_t mechs)
{
	note_hook(p, mechs, "tp_btf", "sys_enter", true);
	note_hook(p, mechs, "tp_btf", "sys_exit", true);
}

static int start_syscalls(struct programs *p, uint32_t mechs)
{
	int err = loader_open(&p->syscalls, "syscall");

	if (err || (err = object_prepare(p, &p->syscalls, mechs, true)))
		return err;
	err = syscall_tables_classes(&p->syscalls, p->kernel, mechs);
	autoload(&p->syscalls, "syscall_enter", true);
	autoload(&p->syscalls, "syscall_exit", true);
	if (!err && !(err = loader_load(&p->syscalls)) && !(err = syscall_tables_calls(&p->syscalls, mechs)) &&
	    !(err = loader_attach(&p->syscalls, "syscall_exit")))
		err = loader_attach(&p->syscalls, "syscall_enter");
	loader_keep(&p->syscalls);
	if (!err)
		note_syscalls(p, mechs);
	return err;
}

static void set_backend(struct programs *p, uint32_t mechs, enum backend backend)
{
	for (unsigned i = 0; i < MECH_MAX; i++)
		if (mechs & (1u << i))
			p->status[i].backend = backend;
}

int programs_start(struct programs **out, const struct kernel *k, const struct programs_options *o, char *why,
		   uint32_t size)
{
	struct programs *p = calloc(1, sizeof(*p));
	uint32_t by_syscall = 0, traced = 0;
	int err;

	if (!p)
		return -ENOMEM;
	p->kernel = k;
	p->options = *o;
	loader_verbosity(o->verbose);
	err = start_core(p);
	if (err) {
		snprintf(why, size, "loading the scheduler's hooks: %s (%s)", strerror(-err), loader_last_message());
		programs_free(p);
		return err;
	}
	make_sets(p);
	for (unsigned i = 0; i < p->sets_cnt; i++) {
		struct set *s = &p->sets[i];
		int failed = start_set(p, s);

		loader_keep(&s->loaded);
		if (failed) {
			err = failed;
			continue;
		}
		set_backend(p, s->mechs, s->backend);
		traced |= s->mechs;
		if (s->backend == BACKEND_SYSCALL && set_mech(s)->syscalls)
			by_syscall |= s->mechs;
	}
	if (by_syscall && !o->iterators_only && (err = start_syscalls(p, by_syscall))) {
		set_why(p, by_syscall, "system call hooks: %s%s", strerror(-err), "");
		set_backend(p, by_syscall, BACKEND_NONE);
		traced &= ~by_syscall;
	}
	if (traced && (err = attach_core(p, follows_sleepers(p, by_syscall))))
		traced = 0;
	if (traced && (o->profile & PROFILE_STEPS) && (err = start_steps(p))) {
		set_why(p, o->mechs, "loading the hooks of steps: %s%s", strerror(-err), "");
		traced = 0;
	}
	if (!traced) {
		snprintf(why, size, "%s", p->sets_cnt ? p->status[set_mech(&p->sets[0])->id].why : "no mechanism");
		programs_free(p);
		return err ? err : -ENOTSUP;
	}
	*out = p;
	return 0;
}

void programs_detach(struct programs *p)
{
	loader_detach(&p->syscalls);
	for (unsigned i = 0; i < p->sets_cnt; i++)
		loader_detach(&p->sets[i].loaded);
	loader_detach(&p->core);
	loader_detach(&p->steps);
}

void programs_free(struct programs *p)
{
	if (!p)
		return;
	loader_close(&p->syscalls);
	for (unsigned i = 0; i < p->sets_cnt; i++)
		loader_close(&p->sets[i].loaded);
	loader_close(&p->core);
	loader_close(&p->steps);
	shared_maps_close(&p->maps);
	free(p->holders);
	free(p);
}

uint32_t programs_profile(const struct programs *p)
{
	return p->options.profile;
}

const struct mech_status *programs_status(const struct programs *p, const struct mechanism *m)
{
	return &p->status[m->id];
}

int programs_map(const struct programs *p, const char *name)
{
	return shared_maps_fd(&p->maps, name);
}
