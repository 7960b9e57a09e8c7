// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GO SIGUSR2

/* Waits for the go, with the signal mask of before, and becomes COMMAND. */
static void run_child(struct command *c, char **argv, const sigset_t *old, pid_t parent)
{
	sigset_t go;
	int sig;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&go);
	sigaddset(&go, GO);
	sigwait(&go, &sig);
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGPIPE, SIG_DFL); /* ours is ignored */
	sigprocmask(SIG_SETMASK, old, NULL);
	execvp(argv[0], argv);
	*c->exec_errno = errno;
	_exit(command_exit_status(errno));
}

int command_exit_status(int error)
{
	return error == ENOENT ? 127 : 126;
}

static int check_path(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	return S_ISREG(st.st_mode) && !access(path, X_OK) ? 0 : EACCES;
}

int command_check(const char *file)
{
	const char *dirs = getenv("PATH") ?: "/bin:/usr/bin";
	int found = ENOENT;

	if (!*file || strchr(file, '/'))
		return check_path(file);
	for (size_t len; *dirs; dirs += len + (dirs[len] == ':')) {
		char path[PATH_MAX];
		int err;

		len = strcspn(dirs, ":");
		if (snprintf(path, sizeof(path), "%.*s%s%s", (int)len, dirs, len ? "/" : "", file) >= (int)sizeof(path))
			continue;
		err = check_path(path);
		if (!err)
			return 0;
		if (err == EACCES)
			found = EACCES; /* but another directory may have one that can be started */
	}
	return found;
}

int command_fork(struct command *c, char **argv)
{
	pid_t parent = getpid();
	sigset_t block, old;

	c->exec_errno = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->exec_errno == MAP_FAILED)
		return -errno;
	sigemptyset(&block);
	sigaddset(&block, GO);
	sigprocmask(SIG_BLOCK, &block, &old);
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return -errno;
	}
	if (!c->pid)
		run_child(c, argv, &old, parent);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return 0;
}

void command_go(struct command *c)
{
	if (c->pid)
		kill(c->pid, GO);
	c->released = true;
}

bool command_reap(struct command *c)
{
	int status;

	if (c->ended || !c->pid || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return c->ended;
	c->ended = true;
	c->error = *c->exec_errno;
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

void command_abandon(struct command *c)
{
	if (!c->pid || c->released)
		return;
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	c->ended = true;
}
