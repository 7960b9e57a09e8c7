/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Power-of-two histograms as the BPF side keeps them: slot 0 holds 0, slot i [2^(i-1), 2^i). */
#ifndef MODEL_HIST_H
#define MODEL_HIST_H

#include <stdint.h>

#include "ipctrace.h"

#define HIST_WORDS (1 + IPC_HIST_SLOTS) /* struct ipc_hist as words: the sum, then the slots */
#define HIST_OPEN UINT64_MAX		/* upper bound of the last slot */

_Static_assert(sizeof(struct ipc_hist) == HIST_WORDS * sizeof(__u64), "all words");

uint64_t hist_count(const struct ipc_hist *h);

/* The least and the greatest value of a slot, both inclusive. */
uint64_t hist_lower(unsigned slot);
uint64_t hist_upper(unsigned slot);

/* 0 when it is empty. */
double hist_mean(const struct ipc_hist *h);

/* The upper bound of the slot that the quantile q (0 to 1) falls in; 0 when it is empty. */
uint64_t hist_quantile(const struct ipc_hist *h, double q);

#endif
