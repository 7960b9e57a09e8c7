// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "experiment/trial.h"

#include <string.h>

extern const struct family family_pipe, family_pipe_end, family_pipe_size, family_pipe_wait, family_pipe_watch,
	family_fifo, family_mq, family_msg, family_msg_speed, family_sem, family_shm, family_shm_file, family_shm_use, family_psem,
	family_unix, family_inet, family_signal, family_signal_action, family_lock;

const struct family *const families[] = {
	&family_pipe,
	&family_pipe_end,
	&family_pipe_size,
	&family_pipe_wait,
	&family_pipe_watch,
	&family_fifo,
	&family_mq,
	&family_msg,
	&family_msg_speed,
	&family_sem,
	&family_shm,
	&family_shm_file,
	&family_shm_use,
	&family_psem,
	&family_unix,
	&family_inet,
	&family_signal,
	&family_signal_action,
	&family_lock,
	NULL,
};

const struct experiment *experiment_find(const char *id)
{
	for (const struct family *const *f = families; *f; f++)
		for (size_t i = 0; i < (*f)->cnt; i++)
			if (!strcmp((*f)->experiments[i].id, id))
				return &(*f)->experiments[i];
	return NULL;
}

unsigned experiment_steps(const struct experiment *x)
{
	unsigned n = 0;

	while (n < STEPS_MAX && x->steps[n].line)
		n++;
	return n;
}

const char *step_actor(const struct experiment *x, const struct step *step)
{
	return step->by == DIRECTOR ? "director" : x->cast[step->by];
}

bool trial_disagrees(const struct trial *t)
{
	return *t->differs || t->verdict.kind == VERDICT_UNESTABLISHED;
}

bool trial_settled(const struct trial *t)
{
	return t->verdict.kind == VERDICT_HOLDS || t->verdict.kind == VERDICT_LIMIT || t->verdict.kind == VERDICT_REFUTED;
}
