// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers and codes as words: histograms' bounds, errno names, units. */
#include <errno.h>

#include "model/error.h"
#include "model/hist.h"
#include "model/words.h"
#include "out/units.h"
#include "tap.h"

static void check_hist(void)
{
	struct ipc_hist h = { .sum = 40 };

	is_int(hist_count(&h), 0, "an empty histogram");
	ok(hist_mean(&h) == 0 && hist_quantile(&h, 0.5) == 0, "has neither mean nor median");
	is_int(hist_lower(0), 0, "slot 0 from");
	is_int(hist_upper(0), 0, "slot 0 to");
	is_int(hist_lower(1), 1, "slot 1 from");
	is_int(hist_upper(1), 1, "slot 1 to");
	is_int(hist_lower(13), 4096, "4096 begins slot 13");
	is_int(hist_upper(13), 8191, "slot 13 to");
	ok(hist_upper(IPC_HIST_SLOTS - 1) == HIST_OPEN, "the last slot is open");
	h.slots[2] = 7;
	h.slots[3] = 2;
	h.slots[5] = 1;
	is_int(hist_count(&h), 10, "count");
	ok(hist_mean(&h) == 4, "mean");
	is_int(hist_quantile(&h, 0.5), 3, "median");
	is_int(hist_quantile(&h, 0.9), 7, "the ninth of ten");
	is_int(hist_quantile(&h, 1), 31, "the largest");
}

static void check_errors(void)
{
	char buf[ERROR_NAME_LEN];
	struct error_count *list = NULL;
	struct error_sum sum = { 0 };

	is_str(error_name(EAGAIN, buf), "EAGAIN", "EAGAIN");
	is_str(error_name(EPIPE, buf), "EPIPE", "EPIPE");
	is_str(error_name(512, buf), "ERESTARTSYS", "the kernel's own");
	is_str(error_name(516, buf), "ERESTART_RESTARTBLOCK", "the kernel's own, the longest");
	is_str(error_name(4095, buf), "E4095", "what has no name");
	errors_get(&list, EPIPE)->now = 3;
	errors_get(&list, EAGAIN)->now = 5;
	errors_get(&list, EAGAIN)->before = 2;
	errors_get(&list, EAGAIN)->tick = 9;
	errors_sum(&sum, list, SPAN_TOTAL, 9);
	errors_sum(&sum, list, SPAN_INTERVAL, 9);
	is_int(sum.cnt, 2, "two kinds");
	ok(sum.rows[0].error == EAGAIN && sum.rows[0].count == 8, "sorted by errno, summed");
	ok(sum.rows[1].error == EPIPE && sum.rows[1].count == 3, "what was not read in this update adds nothing to it");
	sum.cnt = 0;
	for (unsigned i = 1; i < 200; i++)
		errors_get(&list, i)->now = 1;
	errors_sum(&sum, list, SPAN_TOTAL, 9);
	is_int(sum.cnt, 64, "no more kinds than there is room for");
	errors_free(list);
}

static void check_unit(double value, enum unit unit, const char *wanted)
{
	char buf[UNIT_LEN];

	format_unit(buf, value, unit);
	is_str(buf, wanted, "%g in unit %d is %s", value, unit, wanted);
}

static void check_units(void)
{
	char buf[UNIT_LEN];
	bool narrow = true;

	check_unit(0, UNIT_COUNT, "0");
	check_unit(0.01, UNIT_COUNT, "<0.1");
	check_unit(3.6, UNIT_COUNT, "3.6");
	check_unit(999, UNIT_COUNT, "999");
	check_unit(999.6, UNIT_COUNT, "1.0k");
	check_unit(1000, UNIT_COUNT, "1k");
	check_unit(12345, UNIT_COUNT, "12k");
	check_unit(999999, UNIT_COUNT, "1.0M");
	check_unit(1023, UNIT_BYTES, "1.0K");
	check_unit(65536, UNIT_BYTES, "64K");
	check_unit(1.5 * 1048576, UNIT_BYTES, "1.5M");
	check_unit(0, UNIT_NS, "0");
	check_unit(1520, UNIT_NS, "1.5u");
	check_unit(999.6e6, UNIT_NS, "1.0s");
	check_unit(8.5e9, UNIT_NS, "8.5s");
	check_unit(3600e9, UNIT_NS, "3600s");
	check_unit(0, UNIT_PERCENT, "0%");
	check_unit(0.004, UNIT_PERCENT, "1%");
	check_unit(0.97, UNIT_PERCENT, "97%");
	check_unit(1, UNIT_PERCENT, "100%");
	check_unit(4294967295.0, UNIT_NUMBER, "4294967295");
	check_unit(-8192, UNIT_NUMBER, "-8192");
	check_unit(1366.6667, UNIT_NUMBER, "1367");
	for (double value = 0.001; value < 1e18; value *= 1.0137) {
		format_unit(buf, value, UNIT_COUNT);
		narrow &= strlen(buf) <= 4;
		format_unit(buf, value, UNIT_BYTES);
		narrow &= strlen(buf) <= 4;
		format_unit(buf, value, UNIT_NS);
		narrow &= strlen(buf) <= 4 || value > 999e9;
	}
	ok(narrow, "never wider than four");
}

int main(void)
{
	check_hist();
	check_errors();
	check_units();
	is_str(op_name(OP_SEND), "send", "an operation");
	is_str(cause_name(CAUSE_PARTNER), "partner", "a cause");
	is_str(cause_name(CAUSE_NONE), NULL, "no cause");
	is_str(cause_name(99), NULL, "a cause of the future");
	return done_testing();
}
