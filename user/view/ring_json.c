// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The ring for programs: a line a pass, every key always there, null for what could not be read. */
#include <time.h>

#include "out/json.h"
#include "view/ring_draw.h"

static void json_time(struct json *j)
{
	struct timespec now;
	struct tm utc;
	char text[40];
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	len = strftime(text, sizeof(text), "%FT%T", &utc);
	snprintf(text + len, sizeof(text) - len, ".%03ldZ", now.tv_nsec / 1000000);
	json_string(j, "time", text);
}

static void json_slot_flags(struct json *j, uint32_t flags)
{
	char number[16];

	json_open(j, "flags", '[');
	for (unsigned i = 0; i < RING_FLAG_CNT; i++) {
		const char *name = ring_flag_name(i);

		if (!(flags >> i & 1))
			continue;
		snprintf(number, sizeof(number), "0x%x", 1u << i);
		json_string(j, NULL, name ? name : number);
	}
	json_close(j, ']');
}

static void json_file(struct json *j, const struct ipc_ring_slot *slot)
{
	char device[32];

	if (!slot->inode) {
		json_null(j, "file");
		return;
	}
	snprintf(device, sizeof(device), "%u:%u", slot->domain >> 20, slot->domain & 0xfffff);
	json_open(j, "file", '{');
	json_string(j, "device", device);
	json_uint(j, "inode", slot->inode);
	json_close(j, '}');
}

static void json_slots(struct json *j, const struct ring_state *r)
{
	json_open(j, "slots", '[');
	for (size_t i = 0; i < r->slot_cnt; i++) {
		const struct ipc_ring_slot *slot = &r->slots[i];
		struct ring_page page;

		ring_page(slot, &page);
		json_open(j, NULL, '{');
		json_uint(j, "index", slot->index);
		json_uint_or_null(j, "offset", r->readable, slot->offset);
		json_uint_or_null(j, "len", r->readable, slot->len);
		if (r->readable)
			json_slot_flags(j, slot->flags);
		else
			json_null(j, "flags");
		json_string(j, "page", page.word);
		json_uint_or_null(j, "refs", slot->refs, slot->refs);
		json_file(j, slot);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_bool(j, "truncated", r->truncated);
}

static void json_sleepers(struct json *j, const struct ring_state *r)
{
	if (!r->readable) {
		json_null(j, "sleepers");
		return;
	}
	json_open(j, "sleepers", '[');
	for (size_t i = 0; i < r->sleeper_cnt; i++) {
		const struct ipc_ring_sleeper *s = &r->sleepers[i];
		bool known = !s->polls;

		json_open(j, NULL, '{');
		json_string(j, "side", s->op == OP_SEND ? "send" : "recv");
		json_uint_or_null(j, "pid", known, s->tgid);
		json_uint_or_null(j, "tid", known, s->tid);
		json_string(j, "comm", known ? s->comm : NULL);
		if (known)
			json_seconds(j, "since_s", r->now_ns > s->since_ns ? r->now_ns - s->since_ns : 0);
		else
			json_null(j, "since_s");
		if (r->tells_polls)
			json_bool(j, "polls", s->polls);
		else
			json_null(j, "polls");
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Who is not among the sleepers, since there was no room to tell. */
static void json_more(struct json *j, const struct ring_state *r)
{
	if (!r->readable) {
		json_null(j, "more_sleepers");
		return;
	}
	json_open(j, "more_sleepers", '{');
	json_uint(j, "send", r->more_sleepers[OP_SEND]);
	json_uint(j, "recv", r->more_sleepers[OP_RECV]);
	json_close(j, '}');
}

static void json_holders(struct json *j, const struct ring_state *r)
{
	json_open(j, "holders", '[');
	for (size_t i = 0; i < r->holder_cnt; i++) {
		const struct ipc_ring_holder *h = &r->holders[i];
		const char *name;
		unsigned at = 0;

		json_open(j, NULL, '{');
		json_uint(j, "pid", h->tgid);
		json_uint(j, "fd", h->fd);
		json_string(j, "comm", h->comm);
		json_string(j, "mode", ring_mode(h->mode));
		json_open(j, "flags", '[');
		while (ring_open_flag(h->flags, &at, &name))
			json_string(j, NULL, name);
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
}

void ring_json(struct writer *out, const struct ring_state *r, const struct ring_target *target, unsigned page_bytes,
	       uint64_t elapsed_ns)
{
	const struct mech_field *fields = target->mech->fields;
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	json_string(&j, "type", "ring");
	json_uint(&j, "schema", 1);
	json_time(&j);
	json_seconds(&j, "elapsed_s", elapsed_ns);
	json_string(&j, "mechanism", target->mech->name);
	json_string(&j, "id", target->label);
	json_string(&j, "name", target->name);
	json_uint(&j, "page_bytes", page_bytes);
	json_uint(&j, "used_slots", r->used);
	json_uint_or_null(&j, "used_bytes", r->readable && !r->truncated, r->bytes);
	for (unsigned i = 0; i < IPC_STATE_WORDS && fields[i].name; i++)
		json_uint(&j, fields[i].name, r->words[i]);
	json_slots(&j, r);
	json_sleepers(&j, r);
	json_more(&j, r);
	json_holders(&j, r);
	json_close(&j, '}');
	json_end_line(&j);
}
