// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The ring for people: its counters, its picture, its slots, who sleeps at its
 * ends and who holds them. Made in three parts, since only the table of slots in
 * the middle can be cut when the terminal is too low for all of it.
 */
#include "view/ring_draw.h"

#include <string.h>
#include <time.h>

#include "model/alloc.h"
#include "out/escape.h"

#define COLUMNS 80

struct part {
	char *text;
	size_t size;
	FILE *file;
};

static void part_open(struct part *p)
{
	*p = (struct part){ 0 };
	p->file = must_have(open_memstream(&p->text, &p->size));
}

static unsigned part_lines(struct part *p)
{
	unsigned lines = 0;

	fflush(p->file);
	for (size_t i = 0; i < p->size; i++)
		lines += p->text[i] == '\n';
	return lines;
}

static void part_close(struct part *p, FILE *out)
{
	fclose(p->file);
	fwrite(p->text, 1, p->size, out);
	free(p->text);
}

static const char *unknown(const struct ring_style *style)
{
	return style->ascii ? "-" : "–";
}

/* printf pads by bytes: the dash has three */
static void print_right(FILE *out, int width, const char *text)
{
	int padding = width - text_width(text);

	fprintf(out, "%*s%s", padding > 0 ? padding : 0, "", text);
}

static void print_number(FILE *out, const struct ring_style *style, int width, bool known, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	print_right(out, width, known ? text : unknown(style));
}

static void print_comm(FILE *out, const struct ring_style *style, const char *comm)
{
	char text[64];
	int width;

	escape_text(text, sizeof(text), comm, IPC_COMM_LEN, style->ascii);
	width = cut_text(text, sizeof(text), IPC_COMM_LEN - 1, false, style->ascii);
	fprintf(out, "%s%*s", text, IPC_COMM_LEN - 1 - width, "");
}

static void heading(FILE *out, const struct ring_style *style, const char *text)
{
	fprintf(out, "%s%s%s\n", style->color ? "\033[1m" : "", text, style->color ? "\033[0m" : "");
}

/* The state words, as many to a line as there is room for. */
static void draw_fields(FILE *out, const struct ring_state *r, const struct ring_target *target)
{
	const struct mech_field *fields = target->mech->fields;
	int column = 0;

	for (unsigned i = 0; i < IPC_STATE_WORDS && fields[i].name; i++) {
		char text[64];
		int len = snprintf(text, sizeof(text), "%s %u", fields[i].name, r->words[i]);

		if (column && column + 2 + len > COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "  %s", text);
	}
	fputc('\n', out);
}

static void draw_top(FILE *out, const struct ring_state *r, const struct ring_target *target,
		     const struct ring_style *style)
{
	const char *bold = style->color ? "\033[1m" : "", *plain = style->color ? "\033[0m" : "";
	char clock[16], path[4 * IPC_NAME_LEN];
	time_t now = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	fprintf(out, "%s%s%s  %u/%u slots  ", bold, target->label, plain, r->used, r->max_usage);
	print_number(out, style, 0, r->readable && !r->truncated, r->bytes);
	fprintf(out, " bytes inside  page %u  %s\n", style->page_bytes, clock);
	if (target->name) {
		escape_text(path, sizeof(path), target->name, strlen(target->name), style->ascii);
		fprintf(out, "  %s\n", path);
	}
	draw_fields(out, r, target);
	ring_picture(out, r, style);
}

static void slot_flags(char *buf, size_t size, uint32_t flags)
{
	size_t len = 0;

	*buf = '\0';
	for (unsigned i = 0; i < RING_FLAG_CNT && len < size; i++) {
		const char *name = ring_flag_name(i), *bar = len ? "|" : "";

		if (flags >> i & 1)
			len += name ? snprintf(buf + len, size - len, "%s%s", bar, name) :
				      snprintf(buf + len, size - len, "%s0x%x", bar, 1u << i);
	}
}

static void draw_slot(FILE *out, const struct ring_state *r, const struct ipc_ring_slot *slot,
		      const struct ring_style *style)
{
	struct ring_page page;
	char flags[128];

	slot_flags(flags, sizeof(flags), slot->flags);
	ring_page(slot, &page);
	fprintf(out, "  %5u  ", slot->index);
	print_number(out, style, 6, r->readable, slot->offset);
	print_number(out, style, 8, r->readable, slot->len);
	print_number(out, style, 6, slot->refs, slot->refs);
	if (r->readable)
		fprintf(out, "  %-16s", flags);
	else
		fprintf(out, "  %s%15s", unknown(style), "");
	fprintf(out, "  %s", page.text ? page.text : unknown(style));
	if (slot->inode)
		fprintf(out, " %u:%u:%llu", slot->domain >> 20, slot->domain & 0xfffff,
			(unsigned long long)slot->inode);
	fputc('\n', out);
}

void ring_slots(FILE *out, const struct ring_state *r, const struct ring_style *style, size_t rows)
{
	size_t shown = r->slot_cnt < rows ? r->slot_cnt : rows;

	if (!r->slot_cnt) {
		fputs("  no slot is in use\n", out);
		return;
	}
	if (!shown) {
		fprintf(out, "  %u slots in use\n", r->used);
		return;
	}
	heading(out, style, "   slot  offset     len  refs  flags             page");
	for (size_t i = 0; i < shown; i++)
		draw_slot(out, r, &r->slots[i], style);
	if (shown < r->used)
		fprintf(out, "  and %zu more\n", r->used - shown);
}

/* What waits at one end; returns how many of them only poll. */
static unsigned draw_sleepers(FILE *out, const struct ring_state *r, const struct ring_style *style, uint32_t op)
{
	unsigned polls = 0;

	for (size_t i = 0; i < r->sleeper_cnt; i++) {
		const struct ipc_ring_sleeper *s = &r->sleepers[i];

		if (s->op != op)
			continue;
		if (s->polls) {
			polls++;
			continue;
		}
		fprintf(out, "  %-6s  %7u  %7u  ", op == OP_SEND ? "room" : "data", s->tgid, s->tid);
		print_comm(out, style, s->comm);
		fprintf(out, "  ~%.3f s\n", r->now_ns > s->since_ns ? (r->now_ns - s->since_ns) / 1e9 : 0.0);
	}
	return polls;
}

static void draw_more(FILE *out, const struct ring_state *r, uint32_t op)
{
	uint32_t cnt = r->more_sleepers[op];

	if (cnt)
		fprintf(out, "  and %s%u more, asleep or polling, for %s\n", cnt >= RING_MORE_MAX ? "at least " : "", cnt,
			op == OP_SEND ? "room" : "data");
}

static void draw_waiting(FILE *out, const struct ring_state *r, const struct ring_style *style)
{
	unsigned readers, writers;

	if (!r->readable) {
		fputs("  who sleeps on it is unknown under lockdown=confidentiality\n", out);
		return;
	}
	if (!r->sleeper_cnt && !r->more_sleepers[OP_SEND] && !r->more_sleepers[OP_RECV]) {
		fputs("  nobody sleeps on it\n", out);
		return;
	}
	if (r->tells_polls)
		heading(out, style, "  sleeps for   PID      TID  command          since");
	readers = draw_sleepers(out, r, style, OP_RECV);
	writers = draw_sleepers(out, r, style, OP_SEND);
	if (readers || writers)
		fprintf(out, "  %s: %u for data, %u for room\n",
			r->tells_polls ? "in poll, epoll or io_uring" : "asleep or polling (kernel addresses are hidden)",
			readers, writers);
	draw_more(out, r, OP_RECV);
	draw_more(out, r, OP_SEND);
}

static void draw_holders(FILE *out, const struct ring_state *r, const struct ring_style *style)
{
	heading(out, style, "  held by PID    FD  mode  command          flags");
	for (size_t i = 0; i < r->holder_cnt; i++) {
		const struct ipc_ring_holder *h = &r->holders[i];
		const char *name, *bar = "";
		unsigned at = 0;

		fprintf(out, "  %9u %5u  %-4s  ", h->tgid, h->fd, ring_mode(h->mode));
		print_comm(out, style, h->comm);
		fputs("  ", out);
		while (ring_open_flag(h->flags, &at, &name)) {
			fprintf(out, "%s%s", bar, name);
			bar = "|";
		}
		fputc('\n', out);
	}
}

void ring_draw(FILE *out, const struct ring_state *r, const struct ring_target *target, const struct ring_style *style)
{
	size_t rows = SIZE_MAX;
	struct part top, slots, bottom;

	part_open(&top);
	part_open(&slots);
	part_open(&bottom);
	draw_top(top.file, r, target, style);
	draw_waiting(bottom.file, r, style);
	draw_holders(bottom.file, r, style);
	if (style->max_lines) {
		/* the table's own heading and its "and so many more" */
		unsigned others = part_lines(&top) + part_lines(&bottom) + 2;

		rows = style->max_lines > others ? style->max_lines - others : 0;
	}
	ring_slots(slots.file, r, style, rows);
	part_close(&top, out);
	part_close(&slots, out);
	part_close(&bottom, out);
}
