// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reports on outputs that fail, and what of a report cannot be told by looking at it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "out/writer.h"
#include "reading.h"
#include "tap.h"
#include "view/view.h"

static struct model *m;

static void make_model(unsigned objects)
{
	struct snapshot s = { 0 };

	model_free(m);
	m = reading_model(PROFILE_WAITS | PROFILE_DETAIL);
	reading_at(&s, 1000);
	for (unsigned i = 0; i < objects; i++) {
		add_new_object(&s, pipe_id(i));
		add_transfer(&s, pipe_id(i), OP_SEND, 3, 1, 100, 1, 0);
	}
	model_update(m, &s);
	snapshot_free(&s);
}

static struct report *open_report(FILE *out, struct report_options options)
{
	struct report *r;
	char unknown[64];

	return report_open(&r, out, &options, m, unknown) ? NULL : r;
}

static const struct report_options views[] = {
	{ .width = 80 },
	{ .terminal = true, .width = 80, .height = 24 },
	{ .events = true },
	{ .hist = true, .hist_intervals = true },
	{ .json = true },
};

/* Each view, all of a report, into an output that fails: the error comes once, nothing after it. */
static void check_failing(FILE *out, int error, const char *what)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		struct report_start about = { .version = "0", .kernel = "0", .machine = "0", .time = "0" };
		struct report *r = open_report(out, views[i]);
		struct ipc_event e = { .obj = pipe_id(1), .op = OP_SEND };
		int errors[4], told = 0, others = 0;

		errors[0] = report_start(r, &about);
		report_event(r, &e);
		errors[1] = report_flush(r);
		errors[2] = report_interval(r);
		errors[3] = report_summary(r);
		for (unsigned k = 0; k < 4; k++) {
			told += errors[k] == error;
			others += errors[k] != error && errors[k] != 0;
		}
		ok(told == 1 && !others, "%s: the %s view says so once", what, report_view_name(r));
		report_close(r);
	}
}

static void check_outputs(void)
{
	FILE *full = fopen("/dev/full", "w"), *broken, *none = fopen("/dev/null", "r");
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	if (full)
		check_failing(full, -ENOSPC, "a full disk");
	else
		skip("/dev/full");
	if (!pipe(fds)) {
		close(fds[0]);
		broken = fdopen(fds[1], "w");
		check_failing(broken, -EPIPE, "a closed pipe");
		fclose(broken);
	}
	check_failing(none, -EBADF, "an output that cannot be written");
	fclose(none);
	if (full)
		fclose(full);
}

/* A reader that is slower than we, behind a pipe that does not block: nothing is lost. */
static void check_slow_reader(void)
{
	struct report *r;
	int fds[2], status;
	FILE *out;
	pid_t pid;

	make_model(2003);
	if (pipe(fds))
		return;
	pid = fork();
	if (!pid) {
		char buf[4096], last = 0;
		uint64_t lines = 0;
		ssize_t n;

		close(fds[1]);
		while ((n = read(fds[0], buf, sizeof(buf))) > 0) {
			for (ssize_t i = 0; i < n; i++)
				lines += buf[i] == '\n';
			last = buf[n - 1];
			usleep(10);
		}
		_exit(lines == 2 && last == '\n' ? 0 : 1);
	}
	close(fds[0]);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	out = fdopen(fds[1], "w");
	r = open_report(out, (struct report_options){ .json = true });
	is_int(report_interval(r), 0, "a long line into a pipe that does not block");
	is_int(report_summary(r), 0, "and another one");
	report_close(r);
	fclose(out);
	waitpid(pid, &status, 0);
	is_int(status, 0, "both came through whole");
}

static size_t lines_of(struct report_options options)
{
	struct report *r;
	size_t size, lines = 0;
	char *text;
	FILE *out = open_memstream(&text, &size);

	r = open_report(out, options);
	report_interval(r);
	report_close(r);
	fclose(out);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	free(text);
	return lines;
}

static void check_rows(void)
{
	make_model(100);
	is_int(lines_of((struct report_options){ .terminal = true, .width = 80, .height = 24 }), 23,
	       "a frame leaves the terminal's last line alone");
	is_int(lines_of((struct report_options){ .terminal = true, .width = 80, .height = 24, .rows = 5 }), 8,
	       "five rows and what is around them");
	is_int(lines_of((struct report_options){ .width = 80 }), 2 + 20 + 2, "twenty rows without a terminal");
	is_int(lines_of((struct report_options){ .rows = 1000 }), 2 + 100 + 1, "all of them");
	is_int(lines_of((struct report_options){ .json = true }), 1, "one line of JSON");
	make_model(0);
	is_int(lines_of((struct report_options){ .width = 80 }), 2, "no object at all");
	is_int(lines_of((struct report_options){ .terminal = true, .width = 80, .height = 2 }), 2, "a tiny terminal");
}

/* What a report of ours says after own costs of 2 s and of 3 s since the start. */
static char *own_report(bool json, bool runs_known)
{
	struct own before = { .runs = 1000, .run_ns = 250000, .user_ns = 2000000000, .map_bytes = 1, .rss_bytes = 1 };
	struct own now = { .runs = 4000, .run_ns = 1150000, .user_ns = 3000000000, .map_bytes = 2097152, .rss_bytes = 4194304 };
	struct report *r;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	r = open_report(out, (struct report_options){ .json = json });
	report_own(r, &before, runs_known);
	report_own(r, &now, runs_known);
	report_interval(r);
	report_close(r);
	fclose(out);
	return text;
}

static void check_own(void)
{
	char *text;

	make_model(1);
	text = own_report(true, true);
	ok(strstr(text, "\"self\":{\"runs\":3000,\"run_ns\":900000,\"cpu_ns\":1000000000,\"resident_bytes\":4194304,"
			"\"map_bytes\":2097152}"), "own cost of the interval, memory as it is now");
	free(text);
	text = own_report(true, false);
	ok(strstr(text, "\"self\":{\"runs\":null,\"run_ns\":null,\"cpu_ns\":1000000000,"), "what the kernel does not measure is null");
	free(text);
	text = own_report(false, true);
	ok(strstr(text, "self: 3k runs of 300 ns, "), "as text, runs");
	ok(strstr(text, "process 1.000 s of CPU, 4M; maps 2M\n"), "as text, the process and the maps");
	free(text);
	text = own_report(false, false);
	ok(strstr(text, "self: process 1.000 s"), "as text, without runs");
	free(text);
}

static void check_options(void)
{
	struct report_options options = { .columns = "object,nonsense" };
	struct report *r = NULL;
	char unknown[64];

	is_int(report_open(&r, stdout, &options, m, unknown), -EINVAL, "an unknown column");
	is_str(unknown, "nonsense", "is named");
	options = (struct report_options){ .sort = "rubbish" };
	is_int(report_open(&r, stdout, &options, m, unknown), -EINVAL, "an unknown column to sort by");
	is_str(unknown, "rubbish", "is named");
	ok(!r, "no report is made");
}

int main(void)
{
	make_model(50);
	check_outputs();
	check_slow_reader();
	check_rows();
	check_options();
	check_own();
	model_free(m);
	return done_testing();
}
