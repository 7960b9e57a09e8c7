// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* System V semaphores: semget(2), semop(2), semctl(2). Figures are in sem_figures.c. */
#include <asm/unistd.h>
#include <sys/sem.h>

#include "mech/sem.h"
#include "mech/sysv.h"
#include "syscall.h"

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	sysv_format_id("sem", id, buf, size);
}

static int find_key(int key)
{
	return semget(key, 0, 0);
}

static int parse_id(const char *spec, struct ipc_object_id *id)
{
	return sysv_parse_id("sem", MECH_SEM, spec, find_key, id);
}

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

/* Exit hooks first: an operation without its beginning is still counted. */
static const struct mech_hook hooks[] = {
	{"semop_exit", "do_semtimedop", .op = OP_EITHER},
	{"semget_exit", "ipcget", PROFILE_ANY, .op = OP_OPEN},
	{"semctl_down_exit", "semctl_down", PROFILE_ANY, .op = OP_CTL},
	{"semctl_main_exit", "semctl_main", PROFILE_ANY, .op = OP_CTL},
	{"semctl_setval_exit", "semctl_setval", PROFILE_ANY, .op = OP_CTL},
	{"semctl_stat_exit", "semctl_stat", PROFILE_ANY, .op = OP_CTL},
	{"semop_entry", "do_semtimedop", ENTRY, .op = -1, .begins = BEGINS(OP_EITHER)},
	{"semop_allowed", "security_sem_semop", ENTRY, .op = -1, .begins = BEGINS(OP_EITHER)},
	{"semop_tried", "perform_atomic_semop", PROFILE_WAITS, .op = -1, .begins = BEGINS(OP_EITHER)},
	{"sem_create", "newary", .op = -1},
	{"sem_remove", "freeary", .op = -1},
	{"semctl_down_entry", "semctl_down", ENTRY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"semctl_main_entry", "semctl_main", ENTRY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"semctl_setval_entry", "semctl_setval", ENTRY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"semctl_stat_entry", "semctl_stat", ENTRY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"semctl_allowed", "security_sem_semctl", ENTRY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"sem_process_exit", "sched_process_exit", PROFILE_ANY, .op = OP_CLOSE, .tracepoint = true},
	{.program = NULL},
};

#define CALL(call) #call, __NR_##call
#define SET_ID .fd_arg = 0, .fd2_arg = SYSV_SEM, .size_arg = -1
#define COMMAND .cmd_arg = 2

static const struct mech_syscall syscalls[] = {
#ifdef __NR_semop
	{CALL(semop), SYSCALL_SEMOP, OP_RECV, SET_ID, .cmd_arg = -1},
#endif
	{CALL(semtimedop), SYSCALL_SEMOP, OP_RECV, SET_ID, .cmd_arg = -1},
	{CALL(semget), SYSCALL_SYSV_GET, OP_OPEN, SET_ID, COMMAND},
	{CALL(semctl), SYSCALL_SYSV, OP_CTL, SET_ID, COMMAND, .cmds = {SYSCALL_CMD_0 /* IPC_RMID */}, .destroys = true},
	{CALL(semctl), SYSCALL_SYSV, OP_CTL, SET_ID, COMMAND, .cmds = {IPC_SET, IPC_STAT, GETPID, GETVAL}},
	{CALL(semctl), SYSCALL_SYSV, OP_CTL, SET_ID, COMMAND, .cmds = {GETALL, GETNCNT, GETZCNT, SETVAL}},
	{CALL(semctl), SYSCALL_SYSV, OP_CTL, SET_ID, COMMAND, .cmds = {SETALL}},
	MECH_SYSCALLS_END,
};

static const char *const blind[] = {
	"a semget that fails, and calls with an id that names no set: there is no object to count them on",
	"IPC_INFO, SEM_INFO, SEM_STAT, SEM_STAT_ANY: they look at the table, not at a set",
	"what a call that was inside the kernel when tracing began did, with the function backend: its wait is shown and counted, "
	"the call is not, and is one missed",
	"values of a set's twelfth semaphore and beyond while it is used: the JSON's \"values\" tells those of the first 256 when a pass "
	"has looked, at the start and at the end; any beyond those; sleepers of a set beyond its 256th; namespaces that no process is in",
	"under lockdown=confidentiality: values, what existed before the start, all but the first operation of a call",
	"with the syscall backend: for which of its operations a call waits that both takes units and waits for zero (value is said); "
	"a semget that made a set with IPC_CREAT alone looks like it, but under a filter",
	NULL,
};

const struct mechanism mech_sem = {
	.id = MECH_SEM,
	.name = "sem",
	.summary = "System V semaphore sets: who takes, who gives, who waits for a value or for zero",
	.man = "A semaphore set has one or many values that never fall below zero. A call of semop does all of its "
	       "operations or none: adding units never waits; taking them waits until there are enough (cause "
	       "value), an operation of 0 until the value is zero (cause zero).\n\n"
	       "A call counts once: as sent when it only adds units (V), as received when it may wait (P, or zero), "
	       "also when it adds some as well. Semaphores carry no bytes. The exit of a process that used "
	       "SEM_UNDO counts as a close of each set that is adjusted by it; who would give units back at its "
	       "exit holds it (descriptors).\n\n"
	       "The id of a set is sem:[NAMESPACE:ID], the inode number of its IPC namespace and the id as ipcs "
	       "shows it; the name is its key. sem:ID and sem:0xKEY are understood for one's own namespace.",
	.blind = blind,
	.object = "sem",
	.hooks = hooks,
	.syscalls = syscalls,
	.found_idle = true,
	.depth = DEPTH_SEMS,
	.state_needs = PROFILE_ANY,
	.lasting = 1 << SEM_NSEMS | 1 << SEM_KEY,
	.fields = sem_fields,
	.derived = sem_derived,
	.parts = sem_parts,
	.causes = {
		[OP_SEND] = CAUSE_VALUE,
		[OP_RECV] = CAUSE_VALUE,
		[OP_OPEN] = CAUSE_LOCK,
		[OP_CLOSE] = CAUSE_LOCK,
		[OP_CTL] = CAUSE_LOCK,
	},
	.format_id = format_id,
	.parse_id = parse_id,
	.newer = sem_newer,
};
