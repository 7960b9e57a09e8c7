// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What this kernel and these privileges allow, found by asking for it: BTF for
 * types, /proc and securityfs for policy, libcap for privileges. Nothing is
 * concluded from a version number. Types are resolved in kernel_btf.c, symbols
 * in kernel_symbol.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "inode.h"
#include "kernel.h"

#define LOCKDOWN_FILE "/sys/kernel/security/lockdown"
#define PID_MAX_DEFAULT 32768
/* by number: older libcap does not know them */
#define CAP_PERFMON_BIT 38
#define CAP_BPF_BIT 39

static bool read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");
	bool got = f && fgets(line, size, f);

	if (f)
		fclose(f);
	return got;
}

static bool has(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t set = CAP_CLEAR;

	return caps && cap_get_flag(caps, cap, CAP_EFFECTIVE, &set) == 0 && set == CAP_SET;
}

static void probe_capabilities(struct kernel *k)
{
	cap_t caps = cap_get_proc();
	bool admin = has(caps, CAP_SYS_ADMIN);

	/* CAP_SYS_ADMIN stands in for those that were split off from it, not for CAP_SYS_PTRACE */
	k->cap_bpf = admin || has(caps, CAP_BPF_BIT);
	k->cap_perfmon = admin || has(caps, CAP_PERFMON_BIT);
	k->cap_syslog = admin || has(caps, CAP_SYSLOG);
	k->cap_ptrace = has(caps, CAP_SYS_PTRACE);
	cap_free(caps);
}

/* "none [integrity] confidentiality": the one in force is in brackets */
static enum lockdown probe_lockdown(void)
{
	char line[128];

	if (!read_line(LOCKDOWN_FILE, line, sizeof(line)))
		return LOCKDOWN_UNKNOWN;
	for (enum lockdown l = LOCKDOWN_NONE; l <= LOCKDOWN_CONFIDENTIALITY; l++) {
		char word[32];

		snprintf(word, sizeof(word), "[%s]", lockdown_name(l));
		if (strstr(line, word))
			return l;
	}
	return LOCKDOWN_UNKNOWN;
}

static uint32_t probe_pid_max(void)
{
	char line[32];
	unsigned value;

	if (read_line("/proc/sys/kernel/pid_max", line, sizeof(line)) && sscanf(line, "%u", &value) == 1 && value)
		return value;
	return PID_MAX_DEFAULT;
}

/* "0-3,8-11": the numbers may have holes, tables have not. */
static uint32_t probe_cpus(void)
{
	int cpus = libbpf_num_possible_cpus();
	char line[4096], *last = line;

	if (read_line("/sys/devices/system/cpu/possible", line, sizeof(line))) {
		for (char *c = line; *c; c++)
			if (*c == '-' || *c == ',')
				last = c + 1;
		if (atoi(last) + 1 > cpus)
			cpus = atoi(last) + 1;
	}
	return cpus > 0 ? cpus : 1;
}

static uint32_t probe_pipefs_device(void)
{
	struct stat st;
	int fds[2];
	uint32_t device = 0;

	if (pipe(fds))
		return 0;
	if (fstat(fds[0], &st) == 0)
		device = inode_device(st.st_dev);
	close(fds[0]);
	close(fds[1]);
	return device;
}

/* The traced arguments are preceded by the probe's own: void *, bool, prev, next, and from 5.18 prev_state. */
static bool probe_switch_has_state(const struct btf *btf)
{
	const struct btf_type *t;
	int id = btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);

	if (id < 0)
		return false;
	t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (t && btf_is_ptr(t))
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) && btf_vlen(t) >= 5;
}

static uint32_t log2_of(unsigned long value)
{
	return __builtin_ctzl(value);
}

void kernel_probe(struct kernel *k)
{
	struct utsname uts = { 0 };
	static const char *const wake_functions[] = { "autoremove_wake_function", "default_wake_function",
						      "receiver_wake_function", "woken_wake_function" };
	uint64_t wake_addresses[4];

	*k = (struct kernel){ 0 };
	uname(&uts);
	snprintf(k->release, sizeof(k->release), "%s", uts.release);
	snprintf(k->machine, sizeof(k->machine), "%s", uts.machine);
	k->btf = btf__load_vmlinux_btf();
	if (!k->btf)
		k->btf_error = errno;
	else
		k->switch_has_state = probe_switch_has_state(k->btf);
	k->has_rdonly_cast = k->btf && btf__find_by_name_kind(k->btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
	k->keeps_pointers = k->btf && btf__find_by_name_kind(k->btf, "bpf_kptr_type", BTF_KIND_ENUM) > 0;
	k->lockdown = probe_lockdown();
	probe_capabilities(k);
	k->pid_max = probe_pid_max();
	k->cpus = probe_cpus();
	k->page_shift = log2_of(sysconf(_SC_PAGESIZE));
	kernel_symbols(wake_functions, wake_addresses, 4);
	k->wake_function = wake_addresses[0];
	k->plain_wake_function = wake_addresses[1];
	k->datagram_wake_function = wake_addresses[2];
	k->woken_wake_function = wake_addresses[3];
	k->pipefs_device = probe_pipefs_device();
}

const char *lockdown_name(enum lockdown lockdown)
{
	static const char *const names[] = {
		[LOCKDOWN_UNKNOWN] = "unknown",
		[LOCKDOWN_NONE] = "none",
		[LOCKDOWN_INTEGRITY] = "integrity",
		[LOCKDOWN_CONFIDENTIALITY] = "confidentiality",
	};

	return names[lockdown];
}

const char *kernel_missing_capability(const struct kernel *k)
{
	if (!k->cap_bpf)
		return "CAP_BPF";
	if (!k->cap_perfmon)
		return "CAP_PERFMON";
	return NULL;
}
