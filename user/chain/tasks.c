// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/tasks.h"

#include <asm/unistd.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "model/alloc.h"

/* A file of proc into buf, NUL-terminated; false: the task is gone. */
static bool slurp(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t len;

	if (!f)
		return false;
	len = fread(buf, 1, size - 1, f);
	fclose(f);
	buf[len] = '\0';
	return len;
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* "Name:" escapes a newline and a backslash, which comm below does not: only the rest is read here. */
static bool read_status(const char *dir, struct chain_task *t)
{
	char path[96], text[4096];
	const char *state;

	snprintf(path, sizeof(path), "%s/status", dir);
	if (!slurp(path, text, sizeof(text)))
		return false;
	state = strstr(text, "\nState:\t");
	t->sleeps = state && strchr("SD", state[8]) && state[8];
	t->ppid = number_after(text, "\nPPid:\t");
	t->switches = number_after(text, "\nvoluntary_ctxt_switches:\t") +
		      number_after(text, "\nnonvoluntary_ctxt_switches:\t");
	return true;
}

static void read_comm(uint32_t pid, char comm[IPC_COMM_LEN + 1])
{
	char path[32], text[64] = "";

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	slurp(path, text, sizeof(text));
	text[strlen(text) ? strlen(text) - 1 : 0] = '\0'; /* its newline */
	snprintf(comm, IPC_COMM_LEN + 1, "%.*s", IPC_COMM_LEN, text);
}

/* "61 0xffffffff …": the call and its arguments, of a task that sleeps. */
static void read_syscall(const char *dir, struct chain_task *t)
{
	char path[96], text[256];
	unsigned long long first, second;
	int nr;

	snprintf(path, sizeof(path), "%s/syscall", dir);
	if (!slurp(path, text, sizeof(text)) || sscanf(text, "%d %llx %llx", &nr, &first, &second) != 3)
		return;
	if (nr == __NR_wait4) {
		t->waits_child = true;
		t->child = (int32_t)first > 0 ? (int32_t)first : -1;
	} else if (nr == __NR_waitid) {
		t->waits_child = true;
		t->child = first == P_PID ? (int32_t)second : -1;
	}
}

static void add(struct chain_tasks *list, const struct chain_task *t)
{
	if (list->cnt == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 1024;
		list->tasks = xreallocarray(list->tasks, list->cap, sizeof(*list->tasks));
	}
	list->tasks[list->cnt++] = *t;
}

static void read_process(struct chain_tasks *list, uint32_t pid)
{
	char dir[64], comm[IPC_COMM_LEN + 1];
	struct dirent *entry;
	DIR *tasks;

	snprintf(dir, sizeof(dir), "/proc/%u/task", pid);
	tasks = opendir(dir);
	if (!tasks)
		return;
	read_comm(pid, comm);
	while ((entry = readdir(tasks))) {
		struct chain_task t = { .pid = pid, .tid = strtoul(entry->d_name, NULL, 10) };

		if (!t.tid)
			continue;
		snprintf(dir, sizeof(dir), "/proc/%u/task/%u", pid, t.tid);
		if (!read_status(dir, &t))
			continue;
		memcpy(t.comm, comm, sizeof(comm));
		if (t.sleeps)
			read_syscall(dir, &t);
		add(list, &t);
	}
	closedir(tasks);
}

static int compare(const void *a, const void *b)
{
	const struct chain_task *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

int chain_tasks_read(struct chain_tasks *t)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return -errno;
	t->cnt = 0;
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			read_process(t, strtoul(entry->d_name, NULL, 10));
	closedir(proc);
	qsort(t->tasks, t->cnt, sizeof(*t->tasks), compare);
	return 0;
}

static const struct chain_task *find(const struct chain_tasks *t, uint32_t pid, uint32_t tid)
{
	struct chain_task key = { .pid = pid, .tid = tid };

	return t->cnt ? bsearch(&key, t->tasks, t->cnt, sizeof(*t->tasks), compare) : NULL;
}

bool chain_slept_on(const struct chain_tasks *first, const struct chain_tasks *second, uint32_t pid, uint32_t tid)
{
	const struct chain_task *then = find(first, pid, tid), *now = find(second, pid, tid);

	return then && now && then->sleeps && now->sleeps && then->switches == now->switches;
}

void chain_tasks_free(struct chain_tasks *t)
{
	free(t->tasks);
	*t = (struct chain_tasks){ 0 };
}
