// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/deadlocks.h"

#include "chain/build.h"

#define CIRCLE_MAX 4096

int deadlocks_begin(struct deadlocks *d)
{
	return chain_tasks_read(&d->before);
}

int deadlocks_count(struct deadlocks *d, const struct model *m)
{
	size_t circle[CIRCLE_MAX], at = 0;
	struct chain chain;
	int cnt = 0, err = chain_tasks_read(&d->after);

	if (err)
		return err;
	chain_build(&chain, m, &d->before, &d->after);
	while (chain_circle(&chain, &at, circle, CIRCLE_MAX))
		cnt++;
	chain_free(&chain);
	return cnt;
}

void deadlocks_free(struct deadlocks *d)
{
	chain_tasks_free(&d->before);
	chain_tasks_free(&d->after);
}
