// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * First all transports with nothing traced, then all again with the probes in.
 * The figures of the first turn are the ones to compare; those of the second say
 * what the kernel did, and what looking costs.
 */
#include "compare/compare.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/alloc.h"
#include "session.h"
#include "view/output.h"

#define ROUNDS 3
#define BASELINE_NS 20000000ull

static void on_signal(int sig)
{
	(void)sig;
	pair_interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool figures_cost_ns(const struct figures *f, double *ns)
{
	*ns = 0;
	if (!f->traced || f->error || f->off.cpu_ns <= 0)
		return false;
	*ns = f->on.cpu_ns - f->off.cpu_ns;
	return true;
}

bool figures_copies(const struct figures *f, double *copies)
{
	*copies = 0;
	if (!f->probed.known || !f->probed.copies_known || !f->on.received || f->transport->uncounted)
		return false;
	*copies = f->probed.copied_bytes / ((double)f->on.received * f->size);
	return true;
}

/* A run, and what was seen of it. */
struct round {
	struct flow flow;
	struct probed probed;
};

static int by_rate(const void *a, const void *b)
{
	double x = ((const struct round *)a)->flow.messages_per_s, y = ((const struct round *)b)->flow.messages_per_s;

	return (x > y) - (x < y);
}

static void check(struct figures *f, const struct flow *flow)
{
	if (flow->wrong || (flow->lost && !f->transport->loses))
		f->corrupt = true;
}

struct look {
	struct probe *probe;
	const struct transport *transport;
	struct probed *probed;
};

static void look(void *arg, const pid_t pid[2])
{
	struct look *l = arg;

	probe_read(l->probe, l->transport, pid, l->probed);
}

/* In rounds, of which the median stands; those that take longer than that are fewer. probe NULL: not traced. */
static int measure_flow(struct figures *f, const struct run_limits *all, struct probe *probe, struct round *median)
{
	struct run_limits limits = { all->limit_ns / ROUNDS, all->count };
	uint64_t end_ns = pair_now_ns() + all->limit_ns * 2;
	struct round rounds[ROUNDS] = { 0 };
	int cnt = 0, err = 0;

	while (cnt < ROUNDS && (!cnt || pair_now_ns() < end_ns) && !err) {
		struct look l = { probe, f->transport, &rounds[cnt].probed };

		err = run_flow(f->transport, f->size, &limits, probe ? look : NULL, &l, &rounds[cnt].flow);
		if (!err)
			check(f, &rounds[cnt++].flow);
	}
	if (cnt) {
		qsort(rounds, cnt, sizeof(rounds[0]), by_rate);
		*median = rounds[cnt / 2];
		if (!probe) {
			f->least_per_s = rounds[0].flow.messages_per_s;
			f->most_per_s = rounds[cnt - 1].flow.messages_per_s;
		}
	}
	return err;
}

/* Parts are known only to who opens it. */
static int find_part(struct figures *f)
{
	struct pair p;
	int err = pair_open(&p, f->transport, f->size);

	f->part = p.channel.part;
	f->limit = p.channel.limit;
	pair_close(&p);
	return err;
}

static void measure(struct figures *f, const struct run_limits *limits)
{
	struct round median;
	int err = find_part(f);

	if (!err)
		err = measure_flow(f, limits, NULL, &median);
	if (!err) {
		f->off = median.flow;
		err = run_latency(f->transport, f->size, limits, &f->latency);
	}
	f->error = -err;
}

static void measure_traced(struct figures *f, struct probe *probe, const struct run_limits *limits)
{
	pid_t nobody[2] = { 0, 0 };
	struct round median;

	if (f->error)
		return;
	probe_read(probe, f->transport, nobody, &f->probed); /* what was missed until now */
	if (!f->probed.known)
		return;
	f->error = -measure_flow(f, limits, probe, &median);
	if (f->error)
		return;
	f->on = median.flow;
	f->probed = median.probed;
	f->traced = true;
}

struct causes {
	struct probe *probe;
	const struct transport *transport;
};

static const char *cause_of(void *arg, pid_t pid, enum end end)
{
	struct causes *c = arg;

	return probe_cause(c->probe, c->transport, pid, end);
}

static void plan(struct comparison *c)
{
	const struct cli_options *o = c->options;

	for (size_t i = 0; i < transport_cnt; i++)
		c->transport_cnt += !o->transports || o->transports & 1u << i;
	c->figures = xcalloc(c->transport_cnt * o->sizes.cnt, sizeof(*c->figures));
	for (size_t s = 0; s < o->sizes.cnt; s++)
		for (size_t i = 0; i < transport_cnt; i++)
			if (!o->transports || o->transports & 1u << i)
				c->figures[c->figure_cnt++] =
					(struct figures){ .transport = transports[i], .size = o->sizes.bytes[s] };
}

/* Of all transports that are compared: they are loaded together. */
static struct probe *start_probes(struct comparison *c)
{
	uint32_t mechs = 0;

	for (size_t i = 0; i < c->transport_cnt; i++)
		mechs |= probe_mechanisms(c->figures[i].transport);
	if (!mechs) {
		snprintf(c->untraced, sizeof(c->untraced), "no mechanism of these is known to this version");
		return NULL;
	}
	return probe_start(c->options, c->kernel, mechs, c->untraced, sizeof(c->untraced));
}

static void run_all(struct comparison *c)
{
	const struct cli_options *o = c->options;
	struct run_limits limits = { o->limit_s * 1e9, o->messages };
	struct probe *probe;

	for (size_t s = 0; s < o->sizes.cnt && !pair_interrupted; s++)
		c->baseline_bytes_per_s[s] = run_baseline(o->sizes.bytes[s], BASELINE_NS);
	for (size_t i = 0; i < c->figure_cnt && !pair_interrupted; i++)
		measure(&c->figures[i], &limits);
	probe = pair_interrupted ? NULL : start_probes(c);
	for (size_t i = 0; i < c->figure_cnt && probe && !pair_interrupted; i++)
		measure_traced(&c->figures[i], probe, &limits);
	for (size_t i = 0; i < c->transport_cnt && !pair_interrupted; i++) {
		struct causes causes = { probe, c->figures[i].transport };

		if (!c->figures[i].error)
			fate_try(c->figures[i].transport, c->figures[i].size, cause_of, &causes, &c->fates[i]);
	}
	probe_stop(probe);
}

static int status_of(const struct comparison *c)
{
	size_t usable = 0;
	bool corrupt = false;

	for (size_t i = 0; i < c->figure_cnt; i++) {
		usable += !c->figures[i].error;
		corrupt |= c->figures[i].corrupt;
	}
	return corrupt || !usable ? CLI_EXIT_FAILED : 0;
}

static int show(struct comparison *c, FILE *file)
{
	const struct cli_options *o = c->options;
	struct style style = { .color = output_color(o, file), .ascii = o->ascii, .eol = "\n" };
	struct writer *w = xcalloc(1, sizeof(*w));
	int err;

	writer_init(w, file);
	if (o->json)
		compare_json(w, c);
	else
		compare_tables(w, c, &style);
	err = writer_flush(w);
	free(w);
	output_complain(o, err);
	return err ? CLI_EXIT_FAILED : 0;
}

int view_compare(const struct cli_options *o, const struct kernel *k)
{
	struct comparison c = { .options = o, .kernel = k };
	uint64_t begin_ns = pair_now_ns();
	FILE *file = output_open(o);
	int status;

	if (!file)
		return CLI_EXIT_FAILED;
	catch_signals();
	plan(&c);
	run_all(&c);
	c.elapsed_s = (pair_now_ns() - begin_ns) / 1e9;
	if (pair_interrupted) {
		fprintf(stderr, "ipctrace: interrupted: nothing was compared\n");
		status = CLI_EXIT_FAILED;
	} else {
		status = show(&c, file);
		if (!status)
			status = status_of(&c);
	}
	if (file != stdout)
		fclose(file);
	free(c.figures);
	return status;
}
