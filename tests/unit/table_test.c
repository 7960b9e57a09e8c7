// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Columns and the table: what is chosen, what is cut, that it fits. */
#include <errno.h>

#include "out/cell.h"
#include "out/escape.h"
#include "out/table.h"
#include "reading.h"
#include "tap.h"
#include "view/select.h"

static struct model *m;
static struct writer writer;

/* Two pipes with as wide figures as they get, and a FIFO with a long path. */
static void make_model(void)
{
	struct snapshot s = { 0 };
	struct ipc_edge *e;

	m = reading_model(PROFILE_WAITS);
	reading_at(&s, 1000);
	add_process(&s, 4194303, "fifteen-letters");
	add_process(&s, 4194302, "\344\270\255\344\270\255\344\270\255");
	for (unsigned i = 0; i < 2; i++) {
		add_new_object(&s, pipe_id(i ? 1234567 : 4294967295));
		e = add_transfer(&s, pipe_id(i ? 1234567 : 4294967295), OP_SEND, 4194303, 123456789, 1ull << 40, 256, 0);
		e->state[PIPE_MAX_USAGE] = 256;
		e->waits = e->causes[CAUSE_FULL] = e->wakes = 987654;
		e->wait_ns = SECOND;
		add_transfer(&s, pipe_id(i ? 1234567 : 4294967295), OP_RECV, 4194302, 1, 1, 5, 0);
	}
	for (unsigned i = 0; i < 12; i++)
		add_holder(&s, pipe_id(1234567), OP_RECV, 50 + i, 1);
	add_new_object(&s, fifo_id(9));
	add_name(&s, fifo_id(9), "/run/some/where/deep/down/there/is/a.fifo");
	add_transfer(&s, fifo_id(9), OP_SEND, 7, 5, 20, 1, 0);
	model_update(m, &s);
	snapshot_free(&s);
}

/* The table as text, to be freed. */
static char *print(const char *spec, int width, bool ascii)
{
	struct style style = { .ascii = ascii, .width = width, .eol = "\n" };
	const struct object *objects[8];
	char unknown[64], *text;
	struct table table;
	size_t size, cnt = 0;
	FILE *f = open_memstream(&text, &size);

	model_for_each_object(m, o)
		objects[cnt++] = o;
	writer_init(&writer, f);
	if (!table_init(&table, spec, PROFILE_WAITS, unknown))
		table_print(&table, &writer, objects, cnt, SPAN_TOTAL, &style);
	writer_flush(&writer);
	fclose(f);
	return text;
}

static int widest_line(const char *text)
{
	int widest = 0;

	while (*text) {
		char line[1024];
		int len = strcspn(text, "\n"), width;

		snprintf(line, sizeof(line), "%.*s", len, text);
		width = text_width(line);
		if (width > widest)
			widest = width;
		text += len + 1;
	}
	return widest;
}

static void check_widths(void)
{
	bool fits = true;

	for (int width = 17; width < 300; width++) {
		char *text = print(NULL, width, width % 2);

		fits &= widest_line(text) <= width;
		free(text);
	}
	ok(fits, "never wider than the terminal, from 17 to 299 cells");
}

static void check_head(const char *spec, int width, const char *wanted)
{
	char *text = print(spec, width, false), head[256] = "", *word, *at = text;

	at[strcspn(at, "\n")] = '\0';
	while ((word = strsep(&at, " ")))
		if (*word)
			strcat(strcat(head, *head ? " " : ""), word);
	is_str(head, wanted, "columns of %s in %d cells", spec ? spec : "the usual", width);
	free(text);
}

static void check_choice(void)
{
	static const char all[] = "OBJECT WRITER READER RING IN/s OPS/s WAITw WAITr WAKES VERDICT";
	char unknown[64];
	struct table table;

	check_head(NULL, 90, all);
	check_head(NULL, 80, "OBJECT WRITER READER RING IN/s OPS/s WAITw WAITr VERDICT"); /* ids of ten digits */
	check_head(NULL, 40, "OBJECT IN/s VERDICT");
	check_head(NULL, 10, "OBJECT");
	check_head("sent,object", 80, "SENT OBJECT");
	check_head("+sent", 100, "OBJECT WRITER READER RING IN/s OPS/s WAITw WAITr WAKES VERDICT SENT");
	check_head("+SENT,ops,+Max_Usage", 0,
		   "OBJECT WRITER READER RING IN/s OPS/s WAITw WAITr WAKES VERDICT SENT max_usage");
	check_head("id,seen,mech,endpoints,balance", 20, "ID");
	is_int(table_init(&table, "object,nonsense,ring", 0, unknown), -EINVAL, "there is no such column");
	is_str(unknown, "nonsense", "and its name is told");
	is_int(table_init(&table, "object,,ring", 0, unknown), -EINVAL, "an empty name");
	table_init(&table, NULL, 0, unknown);
	for (unsigned i = 0; i < table.cnt; i++)
		ok(!table.columns[i]->needs, "%s can be shown of mere counts", table.columns[i]->name);
}

static void check_process(const char *comm, uint32_t pid, uint32_t more, int room, const char *wanted)
{
	struct value value = { .type = VALUE_PROCESS, .text = comm, .number = pid, .more = more };
	struct style style = { .ascii = false };
	char text[CELL_LEN];
	int width = cell_format(text, column_by_name("writer"), &value, room, &style);

	is_str(text, wanted, "%s/%u +%u in %d cells", comm, pid, more, room);
	is_int(width, text_width(text), "and its width");
}

static void check_cells(void)
{
	check_process("dd", 123, 0, 0, "dd/123");
	check_process("dd", 123, 2, 0, "dd/123 +2");
	check_process("producer", 1234567, 0, 10, "p…/1234567");
	check_process("producer", 1234567, 0, 8, "/1234567");
	check_process("producer", 1234567, 0, 4, "/1234567");
	check_process("producer", 1234567, 3, 9, "…/1234567");
	check_process("producer", 123, 3, 9, "p…/123 +3");
	check_process("", 123, 0, 0, "?/123");
	check_process("x\033[2J", 1, 0, 0, "x\\x1b[2J/1");
}

static void check_table(void)
{
	for (size_t i = 0; i < column_cnt; i++) {
		bool alone = columns[i].get && columns[i].name && columns[i].head && columns[i].help;

		for (size_t k = 0; k < i; k++)
			alone &= strcasecmp(columns[k].name, columns[i].name) != 0;
		ok(alone && column_by_name(columns[i].name) == &columns[i], "column %s", columns[i].name);
	}
	ok(column_by_name("HEAD") && column_by_name("head") == column_by_name("HEAD"), "an internal is a column");
	ok(!column_by_name("hea"), "half a name is none");
}

static bool is_known(const char *name, enum backend backend)
{
	struct model_config config = reading_config(backend, PROFILE_WAITS);
	struct model *other = model_new(&config);
	struct snapshot s = { 0 };
	struct value value;
	struct row row;
	bool known;

	reading_at(&s, 1000);
	add_new_object(&s, pipe_id(5));
	add_transfer(&s, pipe_id(5), OP_SEND, 3, 1, 100, 1, 0)->latency_ns = 1;
	model_update(other, &s);
	row_init(&row, other->first, SPAN_TOTAL);
	known = column_value(column_by_name(name), &row, &value);
	snapshot_free(&s);
	model_free(other);
	return known;
}

static void check_known(void)
{
	ok(is_known("wakes", BACKEND_FUNCTION), "what is collected is known");
	ok(!is_known("lat-w", BACKEND_FUNCTION), "what is not collected is unknown");
	ok(!is_known("residency", BACKEND_FUNCTION), "so is this");
	ok(is_known("spurious", BACKEND_FUNCTION), "what one backend sees");
	ok(!is_known("spurious", BACKEND_SYSCALL), "is unknown with another");
}

static const struct object *nth(const char *column, int direction, size_t max, size_t n)
{
	static struct selection selection;

	selection_begin(&selection, column ? column_by_name(column) : NULL, direction, max);
	model_for_each_object(m, o)
		selection_offer(&selection, o, SPAN_TOTAL);
	selection_end(&selection);
	return n < selection.cnt ? selection.objects[n] : NULL;
}

static void check_sorting(void)
{
	struct snapshot s = { 0 };
	bool right = true;

	model_free(m);
	m = reading_model(PROFILE_WAITS);
	reading_at(&s, 1000);
	for (unsigned i = 0; i < 997; i++) {
		add_new_object(&s, pipe_id(i));
		if (i) /* the first one has no state */
			add_transfer(&s, pipe_id(i), OP_SEND, 3, i * 7 % 997, i * 31 % 997, i * 5 % 997, 0);
	}
	model_update(m, &s);
	for (size_t n = 0; n < 40; n++) {
		const struct object *usual = nth(NULL, 0, 40, n), *ops = nth("sends", 1, 1000, n);
		const struct object *head = nth("head", 0, 7, n), *last = nth("head", 0, 1000, 996);
		const struct object *id = nth("id", 0, 40, n);
		struct side side;

		object_side(usual, OP_SEND, SPAN_TOTAL, &side);
		right &= side.bytes == 996 - n;
		object_side(ops, OP_SEND, SPAN_TOTAL, &side);
		right &= side.ops == n;
		right &= n < 7 ? object_state(head)[PIPE_HEAD] == 996 - n : !head;
		right &= last->id.id == 0;   /* unknown: behind all others */
		right &= id->id.id == n;     /* 9 before 10 */
	}
	right &= nth("head", 1, 1000, 996)->id.id == 0; /* in either order */
	ok(right, "the first forty of 997, by several columns");
	ok(!nth(NULL, 0, 0, 0), "none of them");
	snapshot_free(&s);
}

int main(void)
{
	make_model();
	check_widths();
	check_choice();
	check_cells();
	check_table();
	check_known();
	check_sorting();
	model_free(m);
	return done_testing();
}
