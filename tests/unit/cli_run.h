/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs cli_parse() on a line of text and keeps what it printed.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define WORDS_MAX 80

/* What the last run() came to. */
static struct {
	struct cli_options o;
	int status;
	char out[65536], err[4096];
	char *argv[WORDS_MAX];
} last;

/* Sends a stream to a file of ours until end_capture(). */
static int capture(FILE *stream, FILE **file)
{
	int saved = dup(fileno(stream));

	fflush(stream);
	*file = tmpfile();
	dup2(fileno(*file), fileno(stream));
	return saved;
}

static void end_capture(FILE *stream, FILE *file, int saved, char *buf, size_t size)
{
	fflush(stream);
	dup2(saved, fileno(stream));
	close(saved);
	rewind(file);
	buf[fread(buf, 1, size - 1, file)] = '\0';
	fclose(file);
}

/* Parses `ipctrace LINE`, split at blanks; '' stands for an empty word. Returns cli_parse()'s result. */
static inline int run(const char *line)
{
	static char words[4096];
	FILE *out_file, *err_file;
	int argc = 1, out, err;

	snprintf(words, sizeof(words), "%s", line);
	last.argv[0] = "ipctrace";
	for (char *word = strtok(words, " "); word && argc < WORDS_MAX - 1; word = strtok(NULL, " "))
		last.argv[argc++] = strcmp(word, "''") == 0 ? "" : word;
	last.argv[argc] = NULL;

	out = capture(stdout, &out_file);
	err = capture(stderr, &err_file);
	last.status = cli_parse(&last.o, argc, last.argv);
	end_capture(stderr, err_file, err, last.err, sizeof(last.err));
	end_capture(stdout, out_file, out, last.out, sizeof(last.out));
	return last.status;
}

static inline bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

#endif
