// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "filter.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "cgroup.h"
#include "programs.h"

static int cgroup_path(const char *given, char *path, size_t size)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct stat st;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		snprintf(path, size, "%s/cgroup.procs", mounts[i]);
		if (stat(path, &st) && errno == ENOENT) {
			snprintf(path, size, "%s/cgroup.controllers", mounts[i]);
			if (stat(path, &st))
				continue;
		}
		if (!strncmp(given, mounts[i], strlen(mounts[i])))
			snprintf(path, size, "%s", given);
		else
			snprintf(path, size, "%s/%s", mounts[i], given + (*given == '/'));
		return stat(path, &st) ? -errno : 0;
	}
	return -ENOTSUP;
}

/* A cgroup's id is the inode number of its directory; its level the depth below the mount. */
static int resolve_cgroup(struct ipc_filter *f, const char *given)
{
	char path[4096];
	struct stat st;
	int err = cgroup_path(given, path, sizeof(path));

	if (err) {
		fprintf(stderr, "ipctrace: cgroup %s: %s\n", given,
			err == -ENOTSUP ? "no cgroup2 file system is mounted" : strerror(-err));
		return err;
	}
	if (stat(path, &st))
		return -errno;
	f->cgroup = st.st_ino;
	for (const char *at = cgroup_below_mount(path); *at; at += *at == '/') {
		f->cgroup_level += *at != '/';
		at += strcspn(at, "/");
	}
	return 0;
}

static int copy_filter(struct ipc_filter *f, const struct cli_filter *from)
{
	if (filter_is_empty(from))
		return 0;
	f->used = 1;
	f->pids_cnt = from->pid_cnt;
	memcpy(f->pids, from->pids, sizeof(f->pids));
	f->tids_cnt = from->tid_cnt;
	memcpy(f->tids, from->tids, sizeof(f->tids));
	f->uid_set = from->uid_set;
	f->uid = from->uid;
	memcpy(f->comm, from->comm, sizeof(f->comm));
	return from->cgroup ? resolve_cgroup(f, from->cgroup) : 0;
}

static int resolve_object(struct ipc_config *config, const struct cli_options *o)
{
	for (size_t i = 0; i < mechanism_cnt; i++) {
		struct ipc_object_id id;
		int got;

		if (!(o->mechanism_mask & (1u << mechanisms[i]->id)) || !mechanisms[i]->parse_id)
			continue;
		got = mechanisms[i]->parse_id(o->object, &id);
		if (got < 0 || (got && config->one_object))
			continue;
		config->one_object = 1;
		config->object = id;
		config->object_mask = mechanisms[i]->id_mask;
		if (!got)
			return 0;
	}
	if (config->one_object)
		return 0;
	fprintf(stderr, "ipctrace: object '%s': not found, or of no mechanism that was asked for\n", o->object);
	return -ENOENT;
}

/* kill(pid, 0) says ESRCH for a thread that is no leader: /proc knows both. */
static int check_exists(const uint32_t *ids, uint32_t cnt, const char *what)
{
	for (uint32_t i = 0; i < cnt; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%u", ids[i]);
		if (!access(path, F_OK))
			continue;
		fprintf(stderr, "ipctrace: %s %u: no such process\n", what, ids[i]);
		return -ESRCH;
	}
	return 0;
}

int filter_configure(struct ipc_config *config, const struct cli_options *o, pid_t command)
{
	const struct cli_filter *const from[IPC_FILTERS] = {&o->either, &o->src, &o->dst};
	int err = 0;

	for (int i = 0; i < IPC_FILTERS && !err; i++) {
		err = check_exists(from[i]->pids, from[i]->pid_cnt, "PID");
		if (!err)
			err = check_exists(from[i]->tids, from[i]->tid_cnt, "TID");
		if (!err)
			err = copy_filter(&config->filters[i], from[i]);
		config->filtered |= config->filters[i].used;
	}
	config->follow = o->follow || command;
	config->filtered |= command != 0;
	if (!err && o->object)
		err = resolve_object(config, o);
	return err;
}

static bool in_list(const uint32_t *list, uint32_t cnt, uint32_t id)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (list[i] == id)
			return true;
	return false;
}

/* A thread that is asked for by TID counts for its process here: it is the process that holds descriptors. */
static bool thread_asked_for(const struct cli_filter *f, uint32_t pid)
{
	for (uint32_t i = 0; i < f->tid_cnt; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%u/task/%u", pid, f->tids[i]);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

static bool comm_matches(const char *want, uint32_t pid)
{
	char path[64], comm[IPC_COMM_LEN + 1] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = 0;
	fclose(file);
	return !strcmp(comm, want);
}

static bool uid_matches(uint32_t uid, uint32_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return !stat(path, &st) && st.st_uid == uid;
}

/* The unified line of /proc/PID/cgroup is "0::/path": the wanted path itself or something below it. */
static bool cgroup_matches(const char *want, uint32_t pid)
{
	char path[4096], line[4096];
	size_t len;
	bool match = false;
	FILE *file;

	want = cgroup_below_mount(want);
	len = strlen(want);
	while (len && want[len - 1] == '/')
		len--;
	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "0::/", 4))
			continue;
		match = !len || (!strncmp(line + 4, want, len) && (!line[4 + len] || line[4 + len] == '/'));
	}
	fclose(file);
	return match;
}

bool filter_matches_pid(const struct cli_filter *f, uint32_t pid)
{
	return !filter_is_empty(f) && (!f->pid_cnt || in_list(f->pids, f->pid_cnt, pid)) &&
	       (!f->tid_cnt || thread_asked_for(f, pid)) && (!f->comm[0] || comm_matches(f->comm, pid)) &&
	       (!f->uid_set || uid_matches(f->uid, pid)) && (!f->cgroup || cgroup_matches(f->cgroup, pid));
}

static uint32_t parent_of(uint32_t pid)
{
	char path[64], line[512];
	uint32_t ppid = 0;
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file) && (at = strrchr(line, ')')))
		sscanf(at + 1, " %*c %u", &ppid);
	fclose(file);
	return ppid;
}

static bool matches(const struct cli_options *o, uint32_t pid)
{
	return filter_matches_pid(&o->either, pid) || filter_matches_pid(&o->src, pid) || filter_matches_pid(&o->dst, pid);
}

/* With --follow, an existing descendant of a process that matches counts too. */
static bool descends(const struct cli_options *o, uint32_t pid)
{
	for (int i = 0; i < 64 && pid > 1; i++)
		if (matches(o, pid = parent_of(pid)))
			return true;
	return false;
}

static int set_class(int fd, uint32_t pid, bool all_threads, uint8_t class)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int err = bpf_map_update_elem(fd, &pid, &class, BPF_ANY);

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	dir = all_threads ? opendir(path) : NULL;
	while (dir && !err && (entry = readdir(dir))) {
		uint32_t tid = strtoul(entry->d_name, NULL, 10);

		if (tid)
			err = bpf_map_update_elem(fd, &tid, &class, BPF_ANY);
	}
	if (dir)
		closedir(dir);
	return err;
}

int filter_classify_existing(struct programs *p, const struct cli_options *o, pid_t command)
{
	int fd = programs_map(p, "classes"), err = 0;
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return -errno;
	while (!err && (entry = readdir(proc))) {
		uint32_t pid = isdigit(entry->d_name[0]) ? strtoul(entry->d_name, NULL, 10) : 0;

		if (!pid || pid == (uint32_t)getpid())
			continue;
		if (matches(o, pid)) {
			bool threads = !o->either.tid_cnt && !o->src.tid_cnt && !o->dst.tid_cnt;

			err = set_class(fd, pid, threads, !threads ? CLASS_HOLDS : o->follow ? CLASS_FOLLOWED : CLASS_IN);
		} else if (o->follow && descends(o, pid)) {
			err = set_class(fd, pid, true, CLASS_FOLLOWED);
		}
	}
	closedir(proc);
	if (!err && command)
		err = set_class(fd, command, false, CLASS_FOLLOWED);
	return err;
}
