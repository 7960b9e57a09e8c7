// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "about.h"
#include "cgroup.h"
#include "chain/deadlocks.h"
#include "clock.h"
#include "column.h"
#include "command.h"
#include "export/server.h"
#include "filter.h"
#include "inode.h"
#include "model/model.h"
#include "own_cost.h"
#include "paths.h"
#include "privileges.h"
#include "programs.h"
#include "source/live.h"
#include "source/select.h"
#include "recorder.h"
#include "reporter.h"
#include "view/output.h"

#define EVENT_POLL_MS 100 /* libbpf's poll takes no signal mask: a signal that comes too early waits so long */

struct session {
	const struct cli_options *options;
	struct kernel *kernel;
	struct programs_options wanted;
	struct programs *programs;
	struct live *live;
	struct snapshot snapshot;
	struct wanted *wanted_objects; /* that passed the filters so far */
	struct model *model;
	struct about *about;
	struct reporter *reporter;
	struct recorder *recorder; /* instead of the reporter, when --write asks for it */
	struct command command;
	FILE *out;
	int out_error; /* of writing reports; told once */
	struct deadlocks deadlocks; /* --deadlocks: looked for before every report */
	int listen_fd; /* of an export, until it is the reporter's; negative: none */
	int stats_fd;  /* --self: the kernel measures programs as long as it is open; negative: it does not */
};

static volatile sig_atomic_t stop_signal, child_signal, report_signal;

/* What a terminal sends reaches COMMAND by itself; what somebody sends to us alone is passed on. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (sig == SIGCHLD)
		child_signal = 1;
	else if (sig == SIGUSR1)
		report_signal = 1;
	else
		stop_signal = info->si_code > 0 ? -sig : sig;
}

static void catch_signals(sigset_t *unblocked)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1};
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO}, before;
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		sigaction(caught[i], &action, &before);
		if (caught[i] == SIGHUP && before.sa_handler == SIG_IGN) /* nohup(1) */
			sigaction(SIGHUP, &before, NULL);
		sigaddset(&block, caught[i]);
	}
	sigprocmask(SIG_BLOCK, &block, unblocked);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigdelset(unblocked, caught[i]);
}

/* What the views that were asked for need; nothing else is collected. */
static uint32_t profile_of(const struct cli_options *o)
{
	uint32_t profile = PROFILE_WAITS;

	if (o->counts)
		return 0;
	if ((o->json || o->write) && !o->brief) /* of a recording nobody knows yet what it will be asked */
		profile |= PROFILE_LATENCY | PROFILE_RESIDENCY | PROFILE_DETAIL;
	if (o->histograms)
		profile |= PROFILE_LATENCY | PROFILE_RESIDENCY;
	if (o->histograms && o->report == REPORT_TOP) /* one object, all that is known of it */
		profile |= PROFILE_DETAIL;
	if (o->events)
		profile |= PROFILE_EVENTS;
	if (o->events && o->command_argv && (o->write || o->report == REPORT_PATH))
		profile |= PROFILE_STEPS;
	if (o->stacks)
		profile |= PROFILE_STACKS;
	if (o->min_us)
		profile |= PROFILE_LATENCY;
	return profile | reporter_needs(o);
}

/* Reports that go into a pipe would be traffic on it. */
static void note_own_object(struct ipc_config *config, int fd)
{
	struct stat st;
	struct ipc_object_id *own = &config->own_objects[config->own_objects_cnt];
	struct inode_id id;
	char number[16];

	if (fd < 0 || fstat(fd, &st) || !S_ISFIFO(st.st_mode) || config->own_objects_cnt == IPC_MAX_OWN_OBJECTS)
		return;
	snprintf(number, sizeof(number), "%d", fd);
	id = inode_of_descriptor(&st, "self", number);
	own->id = id.inode;
	own->domain = id.device;
	config->own_objects_cnt++;
}

static int configure(struct session *s)
{
	const struct cli_options *o = s->options;
	struct programs_options *w = &s->wanted;

	w->mechs = o->mechanism_mask;
	w->profile = profile_of(o);
	w->backend = o->backend;
	w->max_edges = o->max_edges;
	w->ring_buffer_bytes = o->ring_buffer_mb << 20;
	w->verbose = o->verbose;
	w->config.failed_only = o->failed_only;
	w->config.min_ns = o->min_us * 1000ull;
	if (!o->include_self) {
		w->config.self_tgid = getpid();
		note_own_object(&w->config, STDOUT_FILENO);
		note_own_object(&w->config, STDERR_FILENO);
		note_own_object(&w->config, fileno(s->out));
	}
	return filter_configure(&w->config, o, s->command.pid);
}

static int open_output(struct session *s)
{
	s->out = output_open(s->options);
	return s->out ? 0 : -EIO;
}

static bool object_name(void *ctx, const struct ipc_object_id *id, struct ipc_name *name)
{
	struct session *s = ctx;

	return !bpf_map_lookup_elem(programs_map(s->programs, "names"), id, name);
}

static int make_model(struct session *s)
{
	struct model_config config = {.cgroup_path = cgroup_path_of, .object_name = object_name, .ctx = s};

	s->about = about_session(s->options, s->kernel, s->programs, s->wanted.profile);
	config.page_size = s->about->page_size;
	memcpy(config.can, s->about->can, sizeof(config.can));
	s->model = model_new(&config);
	return s->model ? 0 : -ENOMEM;
}

/* A failure to write is told once; a reader that went away is no failure worth a word. */
static void note_output(struct session *s, int err)
{
	if (!err || s->out_error)
		return;
	s->out_error = err;
	if (err != -EPIPE && err != -ECANCELED)
		fprintf(stderr, "ipctrace: writing %s: %s\n", s->options->output ? s->options->output : "standard output",
			strerror(-err));
}

/* The recorder has said why. Tracing for nobody is of no use, unless a command runs. */
static void note_recording(struct session *s, int err)
{
	if (err)
		s->out_error = err;
}

static void on_event(void *arg, const struct ipc_event *event)
{
	struct session *s = arg;

	if (s->recorder)
		note_recording(s, recorder_event(s->recorder, event));
	else
		report_event(reporter_report(s->reporter), event);
}

/* Says which mechanisms are not traced, and which are traced in a lesser way than was asked for by name. */
static void tell_status(const struct session *s)
{
	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_status *st = programs_status(s->programs, mechanisms[i]);

		if ((s->options->mechanism_mask & (1u << mechanisms[i]->id)) && st->backend == BACKEND_NONE)
			fprintf(stderr, "ipctrace: %s is not traced: %s\n", mechanisms[i]->name, st->why);
	}
}

/* -O names something by a number: it may be gone, or never have been. */
static void tell_object(const struct session *s)
{
	const struct ipc_config *c = &s->wanted.config;
	const struct mechanism *m = mechanism_by_id(c->object.mech);
	struct ipc_object o;

	if (!c->one_object || c->filtered || !m->found_idle || programs_status(s->programs, m)->backend == BACKEND_NONE ||
	    !bpf_map_lookup_elem(programs_map(s->programs, "objects"), &c->object, &o))
		return;
	fprintf(stderr, "ipctrace: %s: no such object now; waiting for it\n", s->options->object);
}

/* What exists, who holds it and what it is called. */
static int pass(struct session *s)
{
	int err = programs_pass(s->programs, ALL_MECHS);

	paths_find(s->programs);
	return err;
}

static int start(struct session *s)
{
	bool filtered = s->wanted.config.filtered;
	char why[512] = "";
	int err = programs_start(&s->programs, s->kernel, &s->wanted, why, sizeof(why));

	if (err) {
		fprintf(stderr, "ipctrace: cannot trace here: %s; 'ipctrace doctor' says what to change\n", why);
		return EXIT_UNSUPPORTED;
	}
	tell_status(s);
	if (s->options->self && (s->stats_fd = own_cost_begin()) < 0)
		fprintf(stderr, "ipctrace: the kernel does not measure its programs: %s\n", strerror(-s->stats_fd));
	if (filtered)
		err = filter_classify_existing(s->programs, s->options, s->command.pid);
	if (!err)
		err = pass(s);
	if (!err)
		tell_object(s);
	if (!err)
		err = make_model(s);
	if (!err)
		err = live_open(&s->live, s->programs, s->options->events ? on_event : NULL, s);
	if (!err)
		err = privileges_drop();
	kernel_forget_types(s->kernel);
	malloc_trim(0); /* loading took 20 MB more than running */
	if (!err && s->options->write)
		return recorder_open(&s->recorder, s->options->write, (uint64_t)s->options->write_max_mb << 20, s->about) ?
			       CLI_EXIT_FAILED :
			       0;
	if (!err)
		err = reporter_open(&s->reporter, s->options, s->about, s->model, s->out, s->listen_fd);
	if (err) {
		fprintf(stderr, "ipctrace: cannot start: %s\n", strerror(-err));
		return CLI_EXIT_FAILED;
	}
	return 0;
}

static void feed_model(void *model, const struct snapshot *part)
{
	model_feed(model, part);
}

/*
 * A filter looks for an object's other ends, and so at all of them at once, and a recording takes
 * them as they are; else parts will do, and 10,000 objects fit.
 */
static int read_model(struct session *s)
{
	bool whole = s->recorder || snapshot_selects(s->options, s->command.pid);
	int err = s->options->deadlocks ? deadlocks_begin(&s->deadlocks) : 0;

	if (!err && (s->options->deadlocks || live_wants_pass(s->live)))
		err = pass(s);
	if (err)
		return err;
	live_begin(s->live, &s->snapshot);
	if (!s->recorder)
		model_begin(s->model, &s->snapshot);
	err = live_parts(s->live, &s->snapshot, whole ? NULL : feed_model, s->model);
	if (err) {
		fprintf(stderr, "ipctrace: reading the figures: %s\n", strerror(-err));
		return err;
	}
	if (whole)
		snapshot_select(&s->snapshot, s->options, programs_map(s->programs, "classes"), s->command.pid,
				&s->wanted_objects);
	if (s->recorder)
		return 0;
	if (whole)
		model_feed(s->model, &s->snapshot);
	model_end(s->model, &s->snapshot);
	if (s->options->deadlocks)
		report_deadlocks(reporter_report(s->reporter), deadlocks_count(&s->deadlocks, s->model));
	return 0;
}

static void report_own_cost(struct session *s)
{
	struct own own;

	own_cost_read(s->programs, &own);
	report_own(reporter_report(s->reporter), &own, s->stats_fd >= 0);
}

/* What was read goes where it was asked for. */
static void report(struct session *s, enum delta_kind kind)
{
	if (s->reporter && (s->options->self || report_tells_cost(reporter_report(s->reporter))))
		report_own_cost(s);
	if (s->recorder)
		note_recording(s, recorder_figures(s->recorder, &s->snapshot, kind));
	else if (kind == DELTA_SUMMARY)
		note_output(s, report_summary(reporter_report(s->reporter)));
	else
		note_output(s, report_interval(reporter_report(s->reporter)));
}

/* Waits for the next thing to do; returns at a signal, at an event or after timeout_ns. */
static void wait_for(struct session *s, uint64_t timeout_ns, const sigset_t *unblocked)
{
	struct timespec ts = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
	uint64_t ms = timeout_ns / 1000000 + 1;

	if (!s->options->events) {
		struct pollfd keys = {.fd = s->reporter ? report_input_fd(reporter_report(s->reporter)) : -1, .events = POLLIN};

		if (ppoll(&keys, 1, &ts, unblocked) && keys.fd >= 0 &&
		    (report_input(reporter_report(s->reporter)) || keys.revents & (POLLHUP | POLLERR)))
			stop_signal = -SIGINT;
		return;
	}
	sigprocmask(SIG_SETMASK, unblocked, NULL);
	live_poll(s->live, ms < EVENT_POLL_MS ? ms : EVENT_POLL_MS);
	if (s->reporter)
		note_output(s, report_flush(reporter_report(s->reporter)));
}

static void pass_on_signal(struct session *s)
{
	int sig = stop_signal;

	stop_signal = 0;
	if (sig > 0)
		kill(s->command.pid, sig);
}

/* Until COMMAND ends, a signal comes, the time is over, the intervals are counted out or nobody listens. */
static int trace(struct session *s, const sigset_t *unblocked)
{
	const struct cli_options *o = s->options;
	uint64_t interval_ns = o->interval_s * 1e9, begin_ns = clock_ns(), tick_ns = begin_ns + interval_ns;
	uint64_t end_ns = o->duration_s > 0 ? begin_ns + (uint64_t)(o->duration_s * 1e9) : UINT64_MAX;
	uint32_t ticks = 0;
	bool timed;
	int err = 0;

	command_go(&s->command);
	while (!err) {
		uint64_t now = clock_ns(), next = tick_ns < end_ns ? tick_ns : end_ns;

		wait_for(s, now < next ? next - now : 0, unblocked); /* signals come in here, however late we are */
		now = clock_ns();
		if (s->command.pid && child_signal) {
			child_signal = 0;
			if (command_reap(&s->command))
				break;
		}
		if (stop_signal && !s->command.pid)
			break;
		if (stop_signal)
			pass_on_signal(s);
		if (now >= end_ns || (s->out_error && !s->command.pid))
			break;
		if (now < tick_ns && !report_signal)
			continue;
		timed = now >= tick_ns;
		report_signal = 0;
		if (timed)
			tick_ns += interval_ns * ((now - tick_ns) / interval_ns + 1);
		err = read_model(s);
		if (!err)
			report(s, DELTA_INTERVAL);
		if (timed && o->count && ++ticks == o->count)
			break;
	}
	return err;
}

/* The last word: what is in the ring buffer, a last look at what is still open, the sums. */
static int finish(struct session *s)
{
	int err;

	programs_detach(s->programs);
	live_stopped(s->live);
	live_poll(s->live, 0);
	pass(s);
	err = read_model(s);
	if (!err)
		report(s, DELTA_SUMMARY);
	return err;
}

/* Tells why COMMAND cannot be started; returns the exit status for it. */
static int not_started(const char *file, int error)
{
	fprintf(stderr, "ipctrace: %s: %s\n", file, strerror(error));
	return command_exit_status(error);
}

static int run(struct session *s)
{
	const struct cli_options *o = s->options;
	sigset_t unblocked;
	int status, err;

	if (open_output(s) || (o->report == REPORT_EXPORT && (s->listen_fd = server_bind(o->listen)) < 0))
		return CLI_EXIT_FAILED;
	if (o->command_argv && (status = command_check(o->command_argv[0])))
		return not_started(o->command_argv[0], status);
	if (o->command_argv && (status = command_fork(&s->command, o->command_argv))) {
		fprintf(stderr, "ipctrace: cannot fork: %s\n", strerror(-status));
		return CLI_EXIT_FAILED;
	}
	catch_signals(&unblocked);
	if (configure(s))
		return CLI_EXIT_FAILED;
	status = start(s);
	if (status)
		return status;
	err = s->reporter ? reporter_start(s->reporter) : 0;
	s->listen_fd = -1;
	note_output(s, err);
	if (err == -ECANCELED) /* it has no terminal, and never will: COMMAND need not start */
		return CLI_EXIT_FAILED;
	if (trace(s, &unblocked))
		return CLI_EXIT_FAILED;
	if (s->command.ended && s->command.error) /* there is nothing to sum up */
		return not_started(o->command_argv[0], s->command.error);
	if (finish(s))
		return CLI_EXIT_FAILED;
	status = s->command.ended ? s->command.status : 0;
	return status ? status : s->out_error ? CLI_EXIT_FAILED : 0;
}

int session_run(const struct cli_options *o, struct kernel *k)
{
	struct session s = {.listen_fd = -1, .stats_fd = -1, .options = o, .kernel = k};
	int status = run(&s);

	command_abandon(&s.command);
	recorder_close(s.recorder);
	reporter_close(s.reporter);
	about_free(s.about);
	live_close(s.live);
	model_free(s.model);
	snapshot_free(&s.snapshot);
	wanted_free(s.wanted_objects);
	deadlocks_free(&s.deadlocks);
	programs_free(s.programs);
	if (s.stats_fd >= 0)
		close(s.stats_fd);
	if (s.listen_fd >= 0)
		close(s.listen_fd);
	if (s.out && s.out != stdout)
		fclose(s.out);
	return status;
}
