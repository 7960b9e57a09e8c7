// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/output.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "out/escape.h"

#define COLUMNS 80

/* A socket is connected to, as a file is opened. */
static FILE *open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	FILE *out = NULL;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		out = fdopen(fd, "w");
	if (!out && fd >= 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	return out;
}

static FILE *open_path(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISSOCK(st.st_mode) ? open_socket(path) : fopen(path, "we");
}

FILE *output_open(const struct cli_options *o)
{
	FILE *out = o->output ? open_path(o->output) : stdout;

	if (!out)
		output_complain(o, -errno);
	return out;
}

bool output_color(const struct cli_options *o, FILE *out)
{
	return o->color == CLI_COLOR_ALWAYS || (o->color == CLI_COLOR_AUTO && isatty(fileno(out)));
}

void output_complain(const struct cli_options *o, int err)
{
	if (err && err != -EPIPE)
		fprintf(stderr, "ipctrace: cannot write to %s: %s\n", o->output ? o->output : "standard output",
			strerror(-err));
}

int output_close(const struct cli_options *o, FILE *out)
{
	int err = 0;

	if (fflush(out))
		err = -errno;
	else if (ferror(out))
		err = -EIO;
	if (out != stdout && fclose(out) && !err)
		err = -errno;
	output_complain(o, err);
	return err ? CLI_EXIT_FAILED : 0;
}

void output_paragraph(FILE *out, int indent, const char *label, const char *text)
{
	int column = indent;
	bool first = true;

	fprintf(out, "%s%*s", label, indent - text_width(label), "");
	while (*(text += strspn(text, " \n"))) {
		char word[256];
		int len = strcspn(text, " \n"), width;

		snprintf(word, sizeof(word), "%.*s", len, text);
		width = text_width(word);
		if (!first && column + 1 + width > COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			first = true;
		}
		fprintf(out, "%s%s", first ? "" : " ", word);
		column += width + !first;
		first = false;
		text += len;
	}
	fputc('\n', out);
}
