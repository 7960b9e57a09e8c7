/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of a BPF array that may be mapped, some thousands at a time: what is mapped counts as resident. */
#ifndef WINDOW_H
#define WINDOW_H

#include <stddef.h>
#include <stdint.h>

#define WINDOW 4096 /* rows: whole pages, of any size up to 64 KiB, when a row is a multiple of 16 bytes */

struct window {
	const void *rows;
	uint32_t cnt;
	size_t bytes;
};

/* The rows from `at` (a multiple of WINDOW) on, WINDOW of them or how many there are; none: cnt is 0. Returns 0 or -errno. */
int window_open(struct window *w, int fd, size_t row_size, uint32_t at);
void window_close(const struct window *w);

#endif
