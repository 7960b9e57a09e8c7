// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the kernel was built with is read off its BTF: a function that is listed
 * there was compiled. That needs no configuration file, which may not be there or
 * be another kernel's.
 */
#include "view/doctor_facts.h"

#include <stdio.h>
#include <string.h>

struct fact_list {
	struct fact *facts;
	size_t cnt;
};

/* note is for a fact that is not ok. */
static void add(struct fact_list *list, const char *name, bool ok, const char *note, const char *value)
{
	struct fact *f = &list->facts[list->cnt++];

	*f = (struct fact){ .name = name, .ok = ok, .note = ok ? NULL : note };
	snprintf(f->value, sizeof(f->value), "%s", value);
}

static void add_yes_no(struct fact_list *list, const char *name, bool ok, const char *note)
{
	add(list, name, ok, note, ok ? "yes" : "no");
}

static bool has_function(const struct kernel *k, const char *names)
{
	char name[64];

	return kernel_function(k, names, name, sizeof(name));
}

static bool has_member(const struct kernel *k, const char *path)
{
	uint32_t offset, size, pointers;

	return kernel_member(k, path, &offset, &size, &pointers) == 0;
}

/* The number in a file of /proc/sys, -1: there is none. */
static long sysctl_value(const char *path)
{
	FILE *f = fopen(path, "re");
	long value = -1;

	if (f && fscanf(f, "%ld", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

static void add_lockdown(struct fact_list *list, const struct kernel *k)
{
	if (k->lockdown == LOCKDOWN_CONFIDENTIALITY)
		add(list, "lockdown", false,
		    "memory is read through typed pointers alone: no contents of slots, no bytes inside, no waits "
		    "older than the trace; boot without lockdown=confidentiality to see them",
		    lockdown_name(k->lockdown));
	else if (k->lockdown == LOCKDOWN_UNKNOWN)
		add(list, "lockdown", true, NULL, "unknown (no securityfs here), taken as none");
	else
		add(list, "lockdown", true, NULL, lockdown_name(k->lockdown));
}

size_t doctor_kernel_facts(const struct kernel *k, struct fact *facts)
{
	struct fact_list list = { .facts = facts };
	char text[64];

	snprintf(text, sizeof(text), "%.40s %.16s", k->release, k->machine);
	add(&list, "release", true, NULL, text);
	snprintf(text, sizeof(text), "no (%s)", strerror(k->btf_error));
	add(&list, "btf", k->btf, "nothing can be traced: it takes a kernel built with CONFIG_DEBUG_INFO_BTF=y",
	    k->btf ? "yes" : text);
	add_lockdown(&list, k);
	if (!k->btf)
		return list.cnt;
	add_yes_no(&list, "trampolines", has_function(k, "arch_prepare_bpf_trampoline"),
		   "no function backend: it takes a kernel built with CONFIG_BPF_JIT=y on an architecture that has "
		   "trampolines");
	/* ftrace does not trace itself, and older BTF lists only functions that can be traced */
	add_yes_no(&list, "direct_calls",
		   has_function(k, "register_ftrace_direct") || has_member(k, "ftrace_direct_func.addr"),
		   "no function backend: it takes a kernel built with CONFIG_FUNCTION_TRACER=y and "
		   "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y");
	add_yes_no(&list, "task_file_iterator", has_function(k, "bpf_iter_task_file"),
		   "objects and holders older than the trace stay unknown, and there is no 'ipctrace ring': it takes "
		   "Linux 5.8");
	add_yes_no(&list, "ring_buffer", has_function(k, "ringbuf_map_alloc"), "no -e: it takes Linux 5.8");
	add_yes_no(&list, "recursion_misses", has_member(k, "bpf_prog_info.recursion_misses"),
		   "what a busy hook missed is not counted: it takes Linux 5.12");
	add_yes_no(&list, "kernel_addresses", k->wake_function,
		   "sleepers cannot be told from pollers, pages in a ring have no owner: it takes CAP_SYSLOG, and "
		   "kptr_restrict below 2");
	return list.cnt;
}

static void add_capability(struct fact_list *list, const char *name, bool have, const char *cost)
{
	add(list, name, have, cost, have ? "have" : "missing");
}

static void add_sysctl(struct fact_list *list, const char *name, const char *path, bool ok, const char *note)
{
	long value = sysctl_value(path);
	char text[24];

	if (value < 0)
		return;
	snprintf(text, sizeof(text), "%ld", value);
	add(list, name, ok, note, text);
}

size_t doctor_privilege_facts(const struct kernel *k, struct fact *facts)
{
	static const char needed[] =
		"nothing can be traced: run as root, or setcap cap_bpf,cap_perfmon=ep on the binary";
	struct fact_list list = { .facts = facts };
	bool hidden = !k->wake_function;

	add_capability(&list, "CAP_BPF", k->cap_bpf, needed);
	add_capability(&list, "CAP_PERFMON", k->cap_perfmon, needed);
	add_capability(&list, "CAP_SYSLOG", k->cap_syslog,
		       "kernel addresses may be hidden: waits older than the trace, owners of pages");
	add_capability(&list, "CAP_SYS_PTRACE", k->cap_ptrace,
		       "other users' descriptors cannot be named: PID:FD of 'ipctrace ring' takes your own processes");
	add_sysctl(&list, "unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled", k->cap_bpf,
		   "it does not help: tracing takes CAP_BPF whatever it says");
	add_sysctl(&list, "kptr_restrict", "/proc/sys/kernel/kptr_restrict",
		   !hidden || sysctl_value("/proc/sys/kernel/kptr_restrict") < 2,
		   "kernel addresses are hidden from everyone: sysctl kernel.kptr_restrict=1 shows them to CAP_SYSLOG");
	add_sysctl(&list, "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", !hidden || k->cap_syslog,
		   "above 1 it hides kernel addresses from who has no CAP_SYSLOG");
	add_sysctl(&list, "bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable",
		   sysctl_value("/proc/sys/net/core/bpf_jit_enable") != 0,
		   "no function backend: sysctl net.core.bpf_jit_enable=1");
	add_sysctl(&list, "ftrace_enabled", "/proc/sys/kernel/ftrace_enabled",
		   sysctl_value("/proc/sys/kernel/ftrace_enabled") != 0,
		   "function hooks do not fire: sysctl kernel.ftrace_enabled=1");
	return list.cnt;
}

static bool is_among(const char *change, const char *const *changes, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (changes[i] == change)
			return true;
	return false;
}

/* Of the facts that stand in the way of function hooks, those that are not ok. */
static size_t add_obstacles(const struct fact *facts, size_t cnt, const char **changes, size_t at, size_t max)
{
	static const char *const relevant[] = { "btf",	       "trampolines", "direct_calls",  "CAP_BPF",
						"CAP_PERFMON", "bpf_jit_enable", "ftrace_enabled" };

	for (size_t i = 0; i < cnt; i++)
		for (size_t j = 0; j < sizeof(relevant) / sizeof(relevant[0]); j++)
			if (!facts[i].ok && strcmp(facts[i].name, relevant[j]) == 0 && at < max &&
			    !is_among(facts[i].note, changes, at))
				changes[at++] = facts[i].note;
	return at;
}

size_t doctor_changes(const struct cli_options *o, const struct kernel *k, const struct mech_status *st,
		      const char **changes, size_t max)
{
	struct fact facts[FACTS_MAX];
	size_t cnt;

	if (st->backend == BACKEND_FUNCTION)
		return 0;
	cnt = add_obstacles(facts, doctor_kernel_facts(k, facts), changes, 0, max);
	cnt = add_obstacles(facts, doctor_privilege_facts(k, facts), changes, cnt, max);
	if (o->backend == BACKEND_SYSCALL && cnt < max)
		changes[cnt++] = "leave out --backend syscall";
	if (!cnt && max)
		changes[cnt++] = "this kernel has all that function hooks need and refuses them: a security policy, a "
				 "container or a hardened build; 'ipctrace doctor -vv' shows what it said";
	return cnt;
}
