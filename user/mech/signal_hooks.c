// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where signals are seen; programs in bpf/signal*.bpf.[ch]. */
#include "mech/signal.h"

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

#define POINT(program, name) program, name, .tracepoint = true
#define CALL(call) "__x64_sys_" #call "|__arm64_sys_" #call

#define SENDER(call)                                   \
	{#call "_exit", CALL(call), .op = -1},         \
	{#call "_entry", CALL(call), .op = -1}

const struct mech_hook signal_hooks[] = {
	{POINT("generate", "signal_generate"), .op = OP_SEND},
	{POINT("deliver", "signal_deliver"), .op = OP_RECV},
	{POINT("target_exit", "sched_process_exit"), .op = -1},
	{POINT("oom_victim", "mark_victim"), .op = -1, .optional = true, .without = "the OOM killer, apart from the kernel"},
	SENDER(kill),
	SENDER(tkill),
	SENDER(tgkill),
	SENDER(rt_sigqueueinfo),
	SENDER(rt_tgsigqueueinfo),
	SENDER(pidfd_send_signal),
	{"sigwait_exit", CALL(rt_sigtimedwait), .op = OP_RECV},
	{"sigwait_entry", CALL(rt_sigtimedwait), .op = -1, .begins = BEGINS(OP_RECV)},
	{"sigsuspend_entry", CALL(rt_sigsuspend), ENTRY, .op = -1, .begins = BEGINS(OP_RECV)},
	{"pause_entry", "__do_sys_pause", ENTRY, .op = -1, .begins = BEGINS(OP_RECV), .optional = true, .without = "waits in pause"},
	{"signalfd_takes", "collect_signal", .op = -1, .optional = true, .without = "signals read from a signalfd"},
	{"signalfd_exit", "signalfd_read", .op = OP_RECV, .optional = true},
	{"signalfd_entry", "signalfd_read", .op = -1, .begins = BEGINS(OP_RECV), .optional = true},
	{"signalfd_iter_exit", "signalfd_read_iter", .op = OP_RECV, .optional = true},
	{"signalfd_iter_entry", "signalfd_read_iter", .op = -1, .begins = BEGINS(OP_RECV), .optional = true},
	{POINT("signal_exit", "sys_exit"), .only = BACKEND_SYSCALL, .op = -1},
	{POINT("signal_enter", "sys_enter"), .only = BACKEND_SYSCALL, .op = -1},
	{.program = NULL},
};
