/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Graphviz, as a program: it is not linked, and need not be there. */
#ifndef OUT_GRAPHVIZ_H
#define OUT_GRAPHVIZ_H

#include <stddef.h>

#include "out/writer.h"

/* Is `dot` there? If not, says so on stderr and returns -ENOENT. */
int graphviz_check(void);

/* Draws a graph in the DOT language as SVG. 0, or -errno, with the reason on stderr: -EPROTO, dot failed. */
int graphviz_svg(struct writer *out, const char *dot, size_t len);

#endif
