// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chain/build.h"
#include "model/alloc.h"
#include "paths.h"
#include "programs.h"
#include "session.h"
#include "source/live.h"
#include "view/output.h"
#include "view/why_draw.h"

#define MAX_ROOTS 20
#define MAX_EDGES 65536

struct why {
	const struct cli_options *options;
	const struct kernel *kernel;
	struct programs *programs;
	struct live *live;
	struct snapshot snapshot;
	struct model *model;
	struct chain_tasks before, after;
	struct chain chain;
};

/* The iterators of every mechanism: nothing is hooked. Returns the exit status. */
static int load(struct why *w)
{
	struct programs_options wanted = { .profile = PROFILE_WAITS, .iterators_only = true, .max_edges = MAX_EDGES,
					   .ring_buffer_bytes = 4096, .verbose = w->options->verbose };
	struct model_config config = { .page_size = 1u << w->kernel->page_shift };
	char why[256] = "";

	for (size_t i = 0; i < mechanism_cnt; i++)
		wanted.mechs |= 1u << mechanisms[i]->id;
	if (programs_start(&w->programs, w->kernel, &wanted, why, sizeof(why))) {
		fprintf(stderr, "ipctrace: cannot load the iterators: %s; 'ipctrace doctor' says what to change\n", why);
		return EXIT_UNSUPPORTED;
	}
	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_status *st = programs_status(w->programs, mechanisms[i]);

		if (st->backend != BACKEND_NONE)
			config.can[mechanisms[i]->id] = capability_of(mechanisms[i], st->backend, PROFILE_WAITS);
		else
			fprintf(stderr, "ipctrace: waits in %s are not seen: %s\n", mechanisms[i]->name, st->why);
	}
	w->model = model_new(&config);
	return live_open(&w->live, w->programs, NULL, NULL) ? CLI_EXIT_FAILED : 0;
}

/* Everything between the two readings of the tasks: what slept from one to the other held all at once. */
static int look(struct why *w)
{
	int err = chain_tasks_read(&w->before);

	if (!err)
		err = programs_pass(w->programs, ALL_MECHS);
	if (err)
		return err;
	paths_find(w->programs);
	err = live_read(w->live, &w->snapshot);
	if (!err)
		err = chain_tasks_read(&w->after);
	if (err)
		return err;
	model_update(w->model, &w->snapshot);
	chain_build(&w->chain, w->model, &w->before, &w->after);
	return 0;
}

static void print_text(struct writer *out, const struct chain *c, size_t process, const struct style *style)
{
	size_t deadlocks;

	if (process != CHAIN_NONE) {
		why_tree(out, c, process, style);
		return;
	}
	deadlocks = why_deadlocks(out, c, style);
	writer_printf(out, "%s%zu processes, %zu waits that are known, %zu deadlock%s\n", deadlocks ? "\n" : "",
		      c->process_cnt, c->wait_cnt, deadlocks, deadlocks == 1 ? "" : "s");
	why_roots(out, c, MAX_ROOTS);
}

/* Returns the exit status. */
static int print(struct why *w)
{
	const struct cli_options *o = w->options;
	size_t process = o->pid ? chain_find(&w->chain, o->pid) : CHAIN_NONE;
	struct writer *out;
	struct style style = { .ascii = o->ascii };
	FILE *file;
	int err;

	if (o->pid && process == CHAIN_NONE) {
		fprintf(stderr, "ipctrace: no process %u\n", o->pid);
		return CLI_EXIT_FAILED;
	}
	file = output_open(o);
	if (!file)
		return CLI_EXIT_FAILED;
	style.color = output_color(o, file);
	out = xcalloc(1, sizeof(*out));
	writer_init(out, file);
	if (o->json)
		why_json(out, &w->chain, process);
	else
		print_text(out, &w->chain, process, &style);
	err = writer_flush(out);
	output_complain(o, err);
	free(out);
	if (file != stdout)
		fclose(file);
	return err ? CLI_EXIT_FAILED : 0;
}

int view_why(const struct cli_options *o, const struct kernel *k)
{
	struct why w = { .options = o, .kernel = k };
	int status = load(&w), err;

	if (!status && (err = look(&w))) {
		fprintf(stderr, "ipctrace: looking at what waits: %s\n", strerror(-err));
		status = CLI_EXIT_FAILED;
	}
	if (!status)
		status = print(&w);
	chain_free(&w.chain);
	chain_tasks_free(&w.before);
	chain_tasks_free(&w.after);
	model_free(w.model);
	snapshot_free(&w.snapshot);
	live_close(w.live);
	programs_free(w.programs);
	return status;
}
