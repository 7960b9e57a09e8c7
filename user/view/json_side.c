// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* HIST, SIDE and TOTAL of the JSON. */
#include "view/json_parts.h"
#include "view/report.h"

void json_hist(struct json *j, const char *key, const struct ipc_hist *h)
{
	if (!h) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_uint(j, "count", hist_count(h));
	json_uint(j, "sum", h->sum);
	json_open(j, "buckets", '[');
	for (unsigned i = 0; i < IPC_HIST_SLOTS; i++) {
		if (!h->slots[i])
			continue;
		json_open(j, NULL, '[');
		if (hist_upper(i) == HIST_OPEN)
			json_null(j, NULL);
		else
			json_uint(j, NULL, hist_upper(i));
		json_uint(j, NULL, h->slots[i]);
		json_close(j, ']');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void json_causes(struct json *j, bool known, const __u64 *causes)
{
	if (!known) {
		json_null(j, "causes");
		return;
	}
	json_open(j, "causes", '{');
	for (unsigned i = 0; i < CAUSE_MAX; i++)
		if (causes[i] && cause_name(i))
			json_uint(j, cause_name(i), causes[i]);
	json_close(j, '}');
}

static void json_errors(struct json *j, bool known, const struct error_sum *errors)
{
	char number[ERROR_NAME_LEN];

	if (!known) {
		json_null(j, "errors");
		return;
	}
	json_open(j, "errors", '{');
	for (unsigned i = 0; i < errors->cnt; i++)
		json_uint(j, error_name(errors->rows[i].error, number), errors->rows[i].count);
	json_close(j, '}');
}

void json_side_open(struct json *j, enum ipc_op op, const struct side_parts *p, const struct capability *can)
{
	const struct side *s = &p->side;
	bool seen = can_op(can, op), moves = seen && can_see(can, UNSEEN_MOVED);
	bool waits = seen && can_waits(can), wakes = seen && can_wakes(can), hists = seen && can_latency(can);

	json_open(j, op_name(op), '{');
	json_uint_or_null(j, "ops", seen, s->ops);
	json_uint_or_null(j, "bytes", seen, s->bytes);
	json_uint_or_null(j, "copies", moves, s->copies);
	json_uint_or_null(j, "copied_bytes", moves, side_copied_bytes(s));
	json_uint_or_null(j, "moved_bytes", moves, s->moved_bytes);
	json_uint_or_null(j, "waits", waits, s->waits);
	json_uint_or_null(j, "wait_ns", waits, s->wait_ns);
	json_causes(j, waits, s->causes);
	json_uint_or_null(j, "sched_delay_ns", waits, s->sched_delay_ns);
	json_uint_or_null(j, "wakes", wakes, s->wakes);
	json_uint_or_null(j, "spurious_wakes", waits && can_see(can, UNSEEN_SPURIOUS), s->spurious_wakes);
	json_errors(j, seen, &p->errors);
	json_hist(j, "latency_ns", hists ? &p->hists[HIST_LATENCY] : NULL);
	json_hist(j, "size_bytes", hists ? &p->hists[HIST_SIZE] : NULL);
	json_hist(j, "wait_hist_ns", hists && waits ? &p->hists[HIST_WAIT] : NULL);
	json_uint_or_null(j, "open_waits", waits, s->open_waits);
	json_uint_or_null(j, "other_wakes", wakes, s->other_wakes);
}

static void json_total_side(struct json *j, const struct model *m, enum ipc_mech mech, enum ipc_op op, enum span span)
{
	struct side_parts p;
	struct missed missed;
	bool known;

	total_side(m, mech, op, span, &p.side);
	total_errors(m, mech, op, span, &p.errors);
	for (unsigned k = 0; k < HIST_KINDS; k++)
		total_hist(m, mech, op, k, span, &p.hists[k]);
	json_side_open(j, op, &p, &m->config.can[mech]);
	known = total_missed(m, mech, op, span, &missed);
	json_uint_or_null(j, "missed", known, missed.ended);
	json_uint_or_null(j, "missed_entries", known, missed.begun);
	json_close(j, '}');
}

void json_total(struct json *j, const struct model *m, enum ipc_mech mech, enum span span)
{
	uint64_t missed = 0, unknown;
	struct missed of_op = { 0 };
	struct ipc_hist residency;
	bool missed_known = true;
	int64_t balance;

	json_open(j, mechanism_by_id(mech)->name, '{');
	json_uint(j, "objects", total_objects(m, mech, span));
	for (unsigned op = 0; op < OP_MAX; op++) {
		json_total_side(j, m, mech, op, span);
		missed_known &= total_missed(m, mech, op, span, &of_op);
		missed += of_op.ended;
	}
	missed_known &= total_missed(m, mech, OP_EITHER, span, &of_op);
	total_residency(m, mech, span, &residency);
	json_hist(j, "residency_ns", can_residency(&m->config.can[mech]) ? &residency : NULL);
	if (total_balance(m, mech, &balance, &unknown))
		json_int(j, "balance_bytes", balance);
	else
		json_null(j, "balance_bytes");
	json_uint(j, "balance_unknown", unknown);
	json_bool(j, "exact", total_exact(m, mech));
	json_uint_or_null(j, "missed", missed_known, missed + of_op.ended);
	json_uint_or_null(j, "missed_either", missed_known, of_op.ended);
	json_uint_or_null(j, "missed_entries_either", missed_known, of_op.begun);
	json_bool(j, "missed_shared", of_op.shared);
	json_uint(j, "forgotten", m->totals[mech]->forgotten);
	json_close(j, '}');
}

void json_losses(struct json *j, const char *key, const struct losses *l)
{
	json_open(j, key, '{');
	json_uint(j, "missed", l->missed);
	json_uint(j, "map_full", l->map_full);
	json_uint(j, "ring_full", l->ring_full);
	json_uint(j, "unresolved", l->unresolved);
	json_close(j, '}');
}
