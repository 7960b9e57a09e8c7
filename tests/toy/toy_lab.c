/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The toy's scenario: writes to /dev/null, counted. */
#include "lab/scenario.h"

#include <fcntl.h>
#include <sys/stat.h>

static void run_toy(unsigned n)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct object *o;
	struct stat st;

	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	o = object_new("toy", "toy:[%ju]", (uintmax_t)st.st_ino);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fd, 37);
}

static const struct scenario scenarios[] = {
	{"toy", "writes to /dev/null", run_toy, 101},
};
REGISTER_SCENARIOS(scenarios, "toy");
