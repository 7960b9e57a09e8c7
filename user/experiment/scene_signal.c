// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "experiment/scene_signal.h"

#include <string.h>
#include <unistd.h>

void no_objects(void)
{
}

void caught(int signal)
{
	(void)signal;
}

void look_at(int pid, int sig)
{
	struct object *o;

	if (sig >= SIGRTMIN)
		o = watched("signal", "signal:[%d:SIGRTMIN+%d]", pid, sig - SIGRTMIN);
	else
		o = watched("signal", "signal:[%d:SIG%s]", pid, sigabbrev_np(sig));
	certain(o, SEND, OPS);
}

void sent(unsigned nth)
{
	count(object_nth(nth), SEND, OPS, 1);
}

void catch_usr1(unsigned who)
{
	if (who != TARGET)
		return;
	on_signal(SIGUSR1, caught, 0);
	look_at(getpid(), SIGUSR1);
}

void suspend_with(const sigset_t *mask)
{
	enter_call();
	syscall(SYS_rt_sigsuspend, mask, 8);
}

void suspend(void)
{
	sigset_t mask;

	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	suspend_with(&mask);
}

void kill_usr1(void)
{
	CHECK(kill(cast_pid(TARGET), SIGUSR1) == 0);
	sent(0);
}
