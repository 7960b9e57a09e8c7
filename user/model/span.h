/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef MODEL_SPAN_H
#define MODEL_SPAN_H

/* Every figure can be asked for either span. */
enum span {
	SPAN_TOTAL = 0,	   /* since the start */
	SPAN_INTERVAL = 1, /* since the update before the last one */
	SPAN_CNT = 2,
};

#endif
