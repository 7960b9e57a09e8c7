/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_JSON_PARTS_H
#define VIEW_JSON_PARTS_H

#include "model/hist.h"
#include "model/model.h"
#include "out/json.h"

/* What a SIDE is made of, wherever it comes from; hists are looked at only where latency is collected. */
struct side_parts {
	struct side side;
	struct error_sum errors;
	struct ipc_hist hists[HIST_KINDS];
};

/*
 * The non-empty buckets: the upper bound is inclusive, that of the last possible
 * one null. h NULL: null.
 */
void json_hist(struct json *j, const char *key, const struct ipc_hist *h);

/* The object is left open, for more keys. */
void json_side_open(struct json *j, enum ipc_op op, const struct side_parts *p, const struct capability *can);

/* What was lost, by reason. */
void json_losses(struct json *j, const char *key, const struct losses *l);

#endif
