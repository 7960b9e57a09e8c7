// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/error.h"
#include "model/alloc.h"

/* include/linux/errno.h: what never leaves the kernel, but is what a function returns */
static const struct {
	uint32_t error;
	const char *name;
} kernel_errors[] = {
	{ 512, "ERESTARTSYS" },
	{ 513, "ERESTARTNOINTR" },
	{ 514, "ERESTARTNOHAND" },
	{ 515, "ENOIOCTLCMD" },
	{ 516, "ERESTART_RESTARTBLOCK" },
	{ 529, "EIOCBQUEUED" },
};

const char *error_name(uint32_t error, char buf[ERROR_NAME_LEN])
{
	const char *name = strerrorname_np(error);

	for (unsigned i = 0; !name && i < sizeof(kernel_errors) / sizeof(kernel_errors[0]); i++)
		if (kernel_errors[i].error == error)
			name = kernel_errors[i].name;
	if (name)
		return name;
	snprintf(buf, ERROR_NAME_LEN, "E%u", error);
	return buf;
}

struct error_count *errors_get(struct error_count **list, uint32_t error)
{
	struct error_count *e;

	for (; *list; list = &(*list)->next)
		if ((*list)->error == error)
			return *list;
	e = xcalloc(1, sizeof(*e));
	e->error = error;
	*list = e;
	return e;
}

void errors_free(struct error_count *list)
{
	while (list) {
		struct error_count *next = list->next;

		free(list);
		list = next;
	}
}

static void add(struct error_sum *sum, uint32_t error, uint64_t count)
{
	const unsigned max = sizeof(sum->rows) / sizeof(sum->rows[0]);
	unsigned at = 0;

	while (at < sum->cnt && sum->rows[at].error < error)
		at++;
	if (at == sum->cnt || sum->rows[at].error != error) {
		if (sum->cnt == max)
			return;
		memmove(&sum->rows[at + 1], &sum->rows[at], (sum->cnt - at) * sizeof(sum->rows[0]));
		sum->cnt++;
		sum->rows[at].error = error;
		sum->rows[at].count = 0;
	}
	sum->rows[at].count += count;
}

void errors_sum(struct error_sum *sum, const struct error_count *list, enum span span, uint32_t tick)
{
	for (const struct error_count *e = list; e; e = e->next) {
		uint64_t count = e->now;

		if (span == SPAN_INTERVAL)
			count = e->tick == tick ? e->now - e->before : 0;
		if (count)
			add(sum, e->error, count);
	}
}
