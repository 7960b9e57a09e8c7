// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One ring, live: an iterator over all open files reads it where it lies, once a
 * pass. That costs a pass over every descriptor of the machine, and nothing is
 * hooked: between two looks nothing is seen.
 */
#include "view/ring.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "model/alloc.h"
#include "out/escape.h"
#include "privileges.h"
#include "programs.h"
#include "session.h"
#include "view/output.h"
#include "view/ring_draw.h"
#include "view/ring_target.h"

struct ring_view {
	const struct cli_options *options;
	const struct kernel *kernel;
	struct ring_target target;
	struct programs *programs;
	char iterator[64];
	struct ring_state state;
	struct ring_style style;
	struct writer *out;
	bool in_place;	  /* on a terminal: each drawing covers the last one */
	uint64_t passes;
	uint64_t begin_ns;
};

/* Loads the iterator of the target's object file, for this one object. Returns the exit status. */
static int load(struct ring_view *v)
{
	struct programs_options wanted = {
		.mechs = 1u << v->target.mech->id,
		.iterators_only = true,
		.rings = true,
		.max_edges = 64,
		.ring_buffer_bytes = 4096,
		.verbose = v->options->verbose,
		.config = { .one_object = 1, .object = v->target.id },
	};
	char why[256] = "", name[64];

	if (programs_start(&v->programs, v->kernel, &wanted, why, sizeof(why))) {
		fprintf(stderr, "ipctrace: cannot load the iterator that reads rings: %s; 'ipctrace doctor' says what "
				"to change\n", why);
		return EXIT_UNSUPPORTED;
	}
	snprintf(v->iterator, sizeof(v->iterator), "%s_ring", v->target.mech->object);
	/* names of operations are asked for later, when CAP_SYSLOG is gone: have them read now */
	kernel_symbol_at(v->kernel->wake_function, name, sizeof(name));
	privileges_drop();
	return 0;
}

static void refuse_ringless(const struct ring_target *target)
{
	const char *name = target->name ?: target->label;
	char text[1024];

	escape_text(text, sizeof(text), name, strlen(name), false);
	fprintf(stderr, "ipctrace: cannot show %s: it has no ring, pipes and FIFOs have\n", text);
}

/* Takes a look. Returns 0, or -errno with the reason printed. */
static int look(struct ring_view *v)
{
	void *data = NULL;
	uint32_t size = 0;
	int err = programs_iterate(v->programs, v->iterator, &data, &size);

	if (!err)
		err = ring_state__parse(&v->state, &v->target, v->kernel, data, size);
	free(data);
	if (err == -ENOENT)
		refuse_ringless(&v->target);
	else if (err)
		fprintf(stderr, "ipctrace: reading the ring of %s: %s\n", v->target.label, strerror(-err));
	return err;
}

/* Line by line, so that what is left of the last drawing goes. */
static void put_in_place(struct ring_view *v, const char *text)
{
	unsigned lines = v->style.max_lines;

	writer_text(v->out, v->passes ? "\033[H" : "\033[?7l\033[H\033[2J");
	while (*text && lines--) {
		size_t len = strcspn(text, "\n");

		writer_put(v->out, text, len);
		writer_text(v->out, "\033[K\n");
		text += len + (text[len] == '\n');
	}
	writer_text(v->out, "\033[J");
}

static void draw(struct ring_view *v)
{
	struct winsize win = { 0 };
	size_t size = 0;
	char *text = NULL;
	FILE *memory;

	if (v->in_place && ioctl(fileno(v->out->file), TIOCGWINSZ, &win) == 0 && win.ws_row > 1)
		v->style.max_lines = win.ws_row - 1;
	else if (v->in_place)
		v->style.max_lines = 23;
	memory = must_have(open_memstream(&text, &size));
	ring_draw(memory, &v->state, &v->target, &v->style);
	fclose(memory);
	if (v->in_place) {
		put_in_place(v, text);
	} else {
		if (v->passes)
			writer_char(v->out, '\n');
		writer_put(v->out, text, size);
	}
	free(text);
}

/* Returns 0, or -errno of the output with the reason printed. */
static int show(struct ring_view *v)
{
	int err;

	if (v->options->json)
		ring_json(v->out, &v->state, &v->target, v->style.page_bytes, clock_ns() - v->begin_ns);
	else
		draw(v);
	v->passes++;
	err = writer_flush(v->out);
	output_complain(v->options, err);
	return err;
}

/* A look at a pipe that nobody holds: the exit status. */
static int gone(const struct ring_view *v)
{
	const char *label = v->target.label;

	if (v->passes) {
		fprintf(stderr, "ipctrace: %s is gone: nobody holds it any more\n", label);
		return 0;
	}
	fprintf(stderr, "ipctrace: no process holds %s, or it does not exist; ls -l /proc/PID/fd shows what PID holds\n",
		label);
	return CLI_EXIT_FAILED;
}

/* Sleeps until then; true when somebody wants us to end. A terminal that changes its size ends the sleep. */
static bool sleep_until(uint64_t then_ns, const sigset_t *signals)
{
	uint64_t now = clock_ns(), left = then_ns > now ? then_ns - now : 0;
	struct timespec ts = { .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };
	int sig = sigtimedwait(signals, NULL, &ts);

	return sig > 0 && sig != SIGWINCH;
}

static int watch(struct ring_view *v, const sigset_t *signals)
{
	const struct cli_options *o = v->options;
	uint64_t interval_ns = o->interval_s * 1e9, next_ns = v->begin_ns;
	uint64_t end_ns = o->duration_s > 0 ? v->begin_ns + (uint64_t)(o->duration_s * 1e9) : UINT64_MAX;

	for (;;) {
		if (look(v))
			return CLI_EXIT_FAILED;
		if (!v->state.found)
			return gone(v);
		if (show(v))
			return CLI_EXIT_FAILED;
		if (o->one_shot || (o->count && v->passes >= o->count))
			return 0;
		if (clock_ns() >= next_ns)
			next_ns += interval_ns * ((clock_ns() - next_ns) / interval_ns + 1);
		if (sleep_until(next_ns < end_ns ? next_ns : end_ns, signals) || clock_ns() >= end_ns)
			return 0;
	}
}

static int open_output(struct ring_view *v)
{
	const struct cli_options *o = v->options;
	FILE *file = output_open(o);

	if (!file)
		return CLI_EXIT_FAILED;
	v->out = xcalloc(1, sizeof(*v->out));
	writer_init(v->out, file);
	v->in_place = isatty(fileno(file)) && !o->json && !o->one_shot;
	v->style.ascii = o->ascii;
	v->style.color = output_color(o, file);
	v->style.page_bytes = 1u << v->kernel->page_shift;
	return 0;
}

static void close_output(struct ring_view *v)
{
	if (!v->out)
		return;
	if (v->in_place && v->passes) {
		writer_text(v->out, "\033[?7h");
		writer_flush(v->out);
	}
	if (v->out->file != stdout)
		fclose(v->out->file);
	free(v->out);
}

int view_ring(const struct cli_options *o, const struct kernel *k)
{
	struct ring_view v = { .options = o, .kernel = k };
	sigset_t signals;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	status = ring_target__find(&v.target, o->target) ? CLI_EXIT_FAILED : load(&v);
	if (!status)
		status = open_output(&v);
	v.begin_ns = clock_ns();
	if (!status)
		status = watch(&v, &signals);
	close_output(&v);
	ring_state__free(&v.state);
	programs_free(v.programs);
	free(v.target.name);
	return status;
}
