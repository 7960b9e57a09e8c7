// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The ring view from records made by hand: what the iterator would write is put
 * together, drawn at every size and written as JSON. Needs no privileges.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"
#include "out/escape.h"
#include "tap.h"
#include "view/ring_draw.h"

enum { HEAD, TAIL, RING_SIZE, MAX_USAGE };

static const struct mech_field fields[] = {
	{ "head", "", NULL }, { "tail", "", NULL }, { "ring_size", "", NULL }, { "max_usage", "", NULL },
	{ NULL, NULL, NULL },
};

static const struct mechanism mech = { .id = 1, .name = "tube", .fields = fields };
static const struct ring_target target = { .mech = &mech, .label = "tube:[7]", .name = (char *)"/a\033b" };
static const struct kernel open_kernel = { .wake_function = 1 };

/* Records one after the other, as the iterator writes them. */
struct stream {
	char data[65536];
	size_t size;
};

static void put(struct stream *s, const void *record, size_t size)
{
	memcpy(s->data + s->size, record, size);
	s->size += size;
}

static void put_head(struct stream *s, uint32_t head, uint32_t tail, uint32_t ring_size)
{
	struct ipc_ring_head h = { .any = { RING_HEAD, sizeof(h) }, .now_ns = 5000000000 };

	h.state[HEAD] = head;
	h.state[TAIL] = tail;
	h.state[RING_SIZE] = h.state[MAX_USAGE] = ring_size;
	h.slots = head - tail > 256 ? 256 : head - tail;
	h.truncated = head - tail > 256;
	put(s, &h, sizeof(h));
	for (uint32_t i = 0; i < h.slots; i++) {
		struct ipc_ring_slot slot = {
			.any = { RING_SLOT, sizeof(slot) }, .index = (tail + i) & (ring_size - 1), .len = 4096,
			.flags = 0x10, .refs = 1, .ops = 8,
		};

		put(s, &slot, sizeof(slot));
	}
}

static void put_holder(struct stream *s, uint32_t tgid, uint32_t mode)
{
	struct ipc_ring_holder h = { .any = { RING_HOLDER, sizeof(h) }, .tgid = tgid, .fd = 3, .mode = mode,
				     .flags = 04000, .comm = "we\033ird" };

	put(s, &h, sizeof(h));
}

static void put_sleeper(struct stream *s, uint32_t op, uint32_t polls)
{
	struct ipc_ring_sleeper w = { .any = { RING_SLEEPER, sizeof(w) }, .tid = 12, .tgid = 11,
				      .since_ns = 3000000000, .op = op, .polls = polls, .comm = "sleepy" };

	put(s, &w, sizeof(w));
}

static void put_more(struct stream *s, uint32_t op, uint32_t cnt)
{
	struct ipc_ring_more m = { .any = { RING_MORE, sizeof(m) }, .op = op, .cnt = cnt };

	put(s, &m, sizeof(m));
}

static char *drawing(const struct ring_state *r, bool ascii, unsigned max_lines)
{
	struct ring_style style = { .ascii = ascii, .page_bytes = 4096, .max_lines = max_lines };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ring_draw(out, r, &target, &style);
	fclose(out);
	return text;
}

/* Counts the lines; the widest one in *width. */
static unsigned measure(const char *text, int *width)
{
	unsigned lines = 0;

	for (*width = 0; *text; lines++) {
		size_t len = strcspn(text, "\n");
		char line[512];
		int cells;

		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		cells = text_width(line);
		*width = cells > *width ? cells : *width;
		text += len + 1;
	}
	return lines;
}

static void test_last_ring_counts(void)
{
	struct stream s = { 0 };
	struct ring_state r = { 0 };

	put_holder(&s, 11, 2);
	put_head(&s, 9, 3, 16);
	put_sleeper(&s, OP_RECV, 0);
	put_holder(&s, 12, 1);
	put_head(&s, 12, 4, 16);
	put_sleeper(&s, OP_SEND, 0);
	put_sleeper(&s, OP_SEND, 1);
	is_int(ring_state__parse(&r, &target, &open_kernel, s.data, s.size), 0, "a pass with two holders");
	ok(r.found && r.readable && r.tells_polls && !r.truncated, "is whole");
	is_int(r.holder_cnt, 2, "both holders are there");
	is_int(r.used, 8, "the ring is the last one");
	is_int(r.slot_cnt, 8, "with its slots");
	is_int(r.sleeper_cnt, 2, "and its sleepers");
	is_int(r.bytes, 8 * 4096, "bytes inside");
	ring_state__free(&r);
}

/* What the iterator reads beside the tail of a large page is no inode. */
static void test_tail_page(void)
{
	struct stream s = { 0 };
	struct ring_state r = { 0 };
	struct ipc_ring_slot slot = { .any = { RING_SLOT, sizeof(slot) }, .len = 1, .ops = 8, .inode = ~0ull };

	put_head(&s, 1, 1, 16);
	put(&s, &slot, sizeof(slot));
	ring_state__parse(&r, &target, &open_kernel, s.data, s.size);
	is_int(r.slots[0].inode, 0, "a page without a count belongs to no file");
	ring_state__free(&r);
}

static void test_bad_records(void)
{
	struct stream s = { 0 };
	struct ring_state r = { 0 };
	struct ipc_ring_any odd = { 99, sizeof(odd) };

	is_int(ring_state__parse(&r, &target, &open_kernel, s.data, 0), 0, "nothing at all");
	ok(!r.found, "is a ring that nobody holds");
	put_head(&s, 2, 0, 16);
	for (size_t cut = 1; cut < s.size; cut += 7)
		if (ring_state__parse(&r, &target, &open_kernel, s.data, cut) == 0 &&
		    cut != sizeof(struct ipc_ring_head) && (cut - sizeof(struct ipc_ring_head)) %
		    sizeof(struct ipc_ring_slot))
			ok(false, "cut after %zu bytes", cut);
	put(&s, &odd, sizeof(odd));
	is_int(ring_state__parse(&r, &target, &open_kernel, s.data, s.size), -EBADMSG, "a record of no kind");
	ring_state__free(&r);
}

/* Every size, full, half full, empty, and wrapped around the end of the counters. */
static void test_drawing(uint32_t ring_size, uint32_t used, uint32_t tail)
{
	struct stream s = { 0 };
	struct ring_state r = { 0 };
	char *text;
	int width;

	put_holder(&s, 11, 3);
	put_head(&s, tail + used, tail, ring_size);
	put_sleeper(&s, OP_RECV, 0);
	ring_state__parse(&r, &target, &open_kernel, s.data, s.size);
	is_int(r.used, used, "%u of %u slots from %u on", used, ring_size, tail);
	text = drawing(&r, false, 0);
	measure(text, &width);
	ok(width <= 80, "%d columns wide", width);
	ok(!strchr(text, '\033'), "nothing raw");
	free(text);
	text = drawing(&r, true, 20);
	ok(measure(text, &width) <= 20, "at most 20 lines");
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c > 126)
			ok(false, "ASCII only");
	free(text);
	ring_state__free(&r);
}

static void test_picture(void)
{
	struct stream s = { 0 };
	struct ring_state r = { 0 };
	struct ring_style style = { .ascii = true, .page_bytes = 4096 };
	char *text = NULL;
	size_t size;
	FILE *out;

	put_head(&s, 21, 18, 16);
	ring_state__parse(&r, &target, &open_kernel, s.data, s.size);
	r.slots[0].offset = 2048; /* half of it is read */
	r.slots[0].len = 2048;
	r.slots[2].len = 100;
	out = open_memstream(&text, &size);
	ring_picture(out, &r, &style);
	fclose(out);
	is_str(text,
	       "                              v head 5\n"
	       "      0 |   |   | ##|###|#  |   |   |   |   |   |   |   |   |   |   |   |\n"
	       "                  ^ tail 2\n",
	       "a picture of three slots");
	free(text);
	ring_state__free(&r);
}

static void test_unknown(void)
{
	static const struct kernel hidden = { 0 }, locked = { .lockdown = LOCKDOWN_CONFIDENTIALITY };
	struct stream s = { 0 };
	struct ring_state r = { 0 };
	char *text;

	put_head(&s, 2, 0, 16);
	put_sleeper(&s, OP_RECV, 1);
	ring_state__parse(&r, &target, &hidden, s.data, s.size);
	text = drawing(&r, true, 0);
	ok(strstr(text, "asleep or polling"), "hidden addresses: sleepers and pollers are one");
	free(text);
	ring_state__parse(&r, &target, &locked, s.data, s.size);
	text = drawing(&r, true, 0);
	ok(strstr(text, "- bytes inside") && strstr(text, "is unknown"), "lockdown: contents and sleepers are unknown");
	free(text);
	ring_state__free(&r);
}

/* What did not fit is said, and is of the last ring only. */
static void test_more(void)
{
	struct stream s = { 0 };
	struct ring_state r = { 0 };
	char *text;

	put_head(&s, 2, 0, 16);
	put_sleeper(&s, OP_RECV, 0);
	put_more(&s, OP_RECV, 44);
	put_more(&s, OP_SEND, RING_MORE_MAX);
	ring_state__parse(&r, &target, &open_kernel, s.data, s.size);
	text = drawing(&r, true, 0);
	ok(strstr(text, "  and 44 more, asleep or polling, for data\n"), "sleepers that are not told one by one");
	ok(strstr(text, "  and at least 1024 more, asleep or polling, for room\n"), "nor counted to the end");
	free(text);
	put_head(&s, 2, 0, 16);
	ring_state__parse(&r, &target, &open_kernel, s.data, s.size);
	text = drawing(&r, true, 0);
	ok(!strstr(text, " more") && strstr(text, "nobody sleeps"), "the next look found none");
	free(text);
	ring_state__free(&r);
}

static struct json_object *parsed(const struct ring_state *r)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	struct json_object *json;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	writer_init(w, out);
	ring_json(w, r, &target, 4096, 1500000000);
	writer_flush(w);
	fclose(out);
	json = json_tokener_parse(text);
	free(text);
	free(w);
	return json;
}

static void test_json(void)
{
	struct stream s = { 0 };
	struct ring_state r = { 0 };
	struct json_object *json, *item;

	put_holder(&s, 11, 2);
	put_head(&s, 0, UINT32_MAX - 1, 4);
	put_sleeper(&s, OP_SEND, 0);
	put_more(&s, OP_RECV, 7);
	ring_state__parse(&r, &target, &open_kernel, s.data, s.size);
	json = parsed(&r);
	ok(json, "is JSON");
	is_str(json_object_get_string(json_object_object_get(json, "name")), "/a\033b", "a path");
	is_int(json_object_get_int64(json_object_object_get(json, "used_slots")), 2, "slots, past the counters' end");
	is_int(json_object_get_int64(json_object_object_get(json, "tail")), UINT32_MAX - 1, "tail as it is");
	item = json_object_array_get_idx(json_object_object_get(json, "slots"), 1);
	is_int(json_object_get_int64(json_object_object_get(item, "index")), 3, "index in the array");
	is_str(json_object_get_string(json_object_object_get(item, "page")), "anonymous", "told by its flag");
	item = json_object_array_get_idx(json_object_object_get(json, "sleepers"), 0);
	ok(json_object_get_double(json_object_object_get(item, "since_s")) == 2.0, "asleep for 2 seconds");
	item = json_object_object_get(json, "more_sleepers");
	is_str(json_object_to_json_string(item), "{ \"send\": 0, \"recv\": 7 }", "and how many more");
	item = json_object_array_get_idx(json_object_object_get(json, "holders"), 0);
	is_str(json_object_get_string(json_object_object_get(item, "mode")), "w", "holds the write end");
	is_str(json_object_to_json_string(json_object_object_get(item, "flags")), "[ \"O_NONBLOCK\" ]", "flags");
	json_object_put(json);
	ring_state__free(&r);
}

int main(void)
{
	static const uint32_t sizes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 65536 };

	test_last_ring_counts();
	test_bad_records();
	test_tail_page();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		test_drawing(sizes[i], sizes[i], 0);
		test_drawing(sizes[i], sizes[i] / 2, sizes[i] - 1);
		test_drawing(sizes[i], 0, 3);
		test_drawing(sizes[i], sizes[i], UINT32_MAX);
	}
	test_picture();
	test_unknown();
	test_more();
	test_json();
	return done_testing();
}
