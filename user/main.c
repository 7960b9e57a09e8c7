// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Commands and exit codes. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "cli.h"
#include "compare/compare.h"
#include "experiment/lab.h"
#include "kernel.h"
#include "out/graphviz.h"
#include "replay.h"
#include "session.h"
#include "view/doctor.h"
#include "view/list.h"
#include "view/ring.h"
#include "view/view.h"
#include "view/why.h"

/* Says what is missing; 0: nothing is. */
static int check_privileges(const struct kernel *k)
{
	const char *missing = kernel_missing_capability(k);

	if (!missing)
		return 0;
	fprintf(stderr, "ipctrace: %s is missing: run as root, or give the binary both: setcap cap_bpf,cap_perfmon=ep\n",
		missing);
	return EXIT_UNSUPPORTED;
}

/* Live, or of a recording. */
static int trace(const struct cli_options *o, struct kernel *k)
{
	int status = o->read ? 0 : check_privileges(k);

	if (status)
		return status;
	return o->read ? replay_run(o) : session_run(o, k);
}

static int run(const struct cli_options *o, struct kernel *k)
{
	int status;

	switch (o->command) {
	case CLI_LIST:
		return view_list(o);
	case CLI_DOCTOR:
		return view_doctor(o, k);
	case CLI_WHY:
	case CLI_CHAIN:
		if (o->report == REPORT_PATH)
			return trace(o, k);
		status = check_privileges(k);
		return status ? status : view_why(o, k);
	case CLI_RING:
		status = check_privileges(k);
		return status ? status : view_ring(o, k);
	case CLI_COMPARE:
		return view_compare(o, k); /* without privileges, too: then nothing is traced */
	case CLI_LAB:
		if (o->list_only)
			return lab_list(o);
		status = check_privileges(k);
		return status ? status : lab_run(o, k);
	default:
		if (o->command == CLI_GRAPH && !o->json && o->graph_format == GRAPH_SVG && graphviz_check())
			return CLI_EXIT_FAILED;
		return trace(o, k);
	}
}

/* Containers and units are cgroups; those of a recording are another machine's. */
static int resolve_places(struct cli_options *o)
{
	int err;

	if (o->read)
		return 0;
	err = cgroup_resolve(&o->either);
	if (!err)
		err = cgroup_resolve(&o->src);
	return err ? err : cgroup_resolve(&o->dst);
}

/* What whoever started us closed would be the number of the next file opened: a map, and output would go into it. */
static void claim_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(1);
}

int main(int argc, char **argv)
{
	struct cli_options o;
	struct kernel k;
	int status;

	claim_standard_files();
	status = cli_parse(&o, argc, argv);
	if (status >= 0)
		return status;
	signal(SIGPIPE, SIG_IGN); /* a closed output is an error that writing returns */
	kernel_probe(&k);
	status = resolve_places(&o) ? CLI_EXIT_FAILED : run(&o, &k);
	kernel_free(&k);
	cli_free(&o);
	return status;
}
