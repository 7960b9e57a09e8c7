/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An event of MECH_NONE is a step of a task: op is the step. wake_ns is when it was woken or made, or when it
 * exited; sleep_ns since when it slept, 0: not seen; waker and depth the tgid and the TID of who woke or made it,
 * if waker_kind is WAKER_TASK, and of a wakeup the first words of state its name; result the number of the system
 * call that it slept in, -1: none, or not known.
 */
#ifndef IPC_STEPS_H
#define IPC_STEPS_H

enum ipc_step {
	STEP_WAKE = 0,
	STEP_FORK = 1,
	STEP_EXIT = 2,
};

#endif
