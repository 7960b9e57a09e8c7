// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/graphviz.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

extern char **environ;

int graphviz_check(void)
{
	int err = command_check("dot");

	if (err)
		fprintf(stderr, "ipctrace: dot, of Graphviz, draws the SVG: %s: install graphviz, or take --format dot\n",
			strerror(err));
	return -err;
}

/* Files at both ends: a pipe to it would be one more in the figures, and could fill. */
static int run(FILE *in, FILE *out)
{
	static char *const argv[] = { "dot", "-Tsvg", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int err, status;
	pid_t pid;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fileno(in), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, fileno(out), STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	err = posix_spawnp(&pid, argv[0], &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPROTO;
}

int graphviz_svg(struct writer *out, const char *dot, size_t len)
{
	FILE *in = tmpfile(), *drawn = tmpfile();
	char buf[4096];
	int err = 0;

	if (!in || !drawn || fwrite(dot, 1, len, in) != len || fflush(in) || lseek(fileno(in), 0, SEEK_SET))
		err = -errno;
	if (!err)
		err = run(in, drawn);
	if (err)
		fprintf(stderr, "ipctrace: drawing with dot: %s\n", err == -EPROTO ? "it failed" : strerror(-err));
	if (!err)
		rewind(drawn);
	while (!err && (len = fread(buf, 1, sizeof(buf), drawn)))
		writer_put(out, buf, len);
	if (in)
		fclose(in);
	if (drawn)
		fclose(drawn);
	return err;
}
