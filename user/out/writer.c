// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "out/writer.h"

void writer_init(struct writer *w, FILE *file)
{
	w->file = file;
	w->error = 0;
	w->told = false;
	w->len = 0;
}

/* A terminal that others made non-blocking must not lose half a line. */
static int write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n >= 0) {
			buf += n;
			len -= n;
		} else if (errno == EAGAIN) {
			struct pollfd pfd = { .fd = fd, .events = POLLOUT };

			if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
				return -errno;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

static void drain(struct writer *w)
{
	int fd = fileno(w->file);

	if (w->error || !w->len)
		goto out;
	if (fflush(w->file))
		w->error = -errno;
	else if (fd >= 0)
		w->error = write_all(fd, w->buf, w->len);
	else if (fwrite(w->buf, 1, w->len, w->file) != w->len || fflush(w->file))
		w->error = -EIO; /* a stream in memory */
out:
	w->len = 0;
}

int writer_flush(struct writer *w)
{
	drain(w);
	if (!w->error || w->told)
		return 0;
	w->told = true;
	return w->error;
}

void writer_put(struct writer *w, const char *text, size_t len)
{
	while (len) {
		size_t n = WRITER_SIZE - w->len;

		if (n > len)
			n = len;
		memcpy(w->buf + w->len, text, n);
		w->len += n;
		text += n;
		len -= n;
		if (w->len == WRITER_SIZE)
			drain(w);
	}
}

void writer_uint(struct writer *w, uint64_t n)
{
	writer_uint_right(w, n, 0, ' ');
}

void writer_uint_right(struct writer *w, uint64_t n, unsigned cells, char fill)
{
	char digits[20];
	unsigned at = sizeof(digits);

	do {
		digits[--at] = '0' + n % 10;
		n /= 10;
	} while (n);
	while (at && sizeof(digits) - at < cells)
		digits[--at] = fill;
	writer_put(w, digits + at, sizeof(digits) - at);
}

void writer_text_right(struct writer *w, const char *text, unsigned cells)
{
	for (size_t len = strlen(text); len < cells; len++)
		writer_char(w, ' ');
	writer_text(w, text);
}

void writer_repeat(struct writer *w, const char *text, int times)
{
	while (times-- > 0)
		writer_text(w, text);
}

void writer_printf(struct writer *w, const char *format, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len > 0)
		writer_put(w, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}
