// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "out/units.h"

/* Of a whole number below 10^12, as printf does but at a fraction of its cost: there are two in each line of events. */
static void format_whole(char buf[UNIT_LEN], double value, char letter)
{
	char digits[13];
	uint64_t n = llrint(value); /* ties to even, as with %.0f */
	unsigned cnt = 0, at = 0;

	do
		digits[cnt++] = '0' + n % 10;
	while (n /= 10);
	while (cnt)
		buf[at++] = digits[--cnt];
	if (letter != ' ')
		buf[at++] = letter;
	buf[at] = '\0';
}

/* Three digits at most: 9.9 before 10, then whole. letters: one for each power, ' ' for none. */
static void format_scaled(char buf[UNIT_LEN], double value, double step, const char *letters)
{
	int letter_len;

	while (letters[1] && value >= (step == 1024 ? 999.5 : step - 0.5)) {
		value /= step;
		letters++;
	}
	letter_len = *letters != ' ';
	if (value > 0 && value < 0.05)
		snprintf(buf, UNIT_LEN, "<0.1");
	else if (value < 9.95 && value != (int)value)
		snprintf(buf, UNIT_LEN, "%.1f%.*s", value, letter_len, letters);
	else if (value >= 0 && value < 1e12)
		format_whole(buf, value, *letters);
	else
		snprintf(buf, UNIT_LEN, "%.0f%.*s", value, letter_len, letters);
}

void format_unit(char buf[UNIT_LEN], double value, enum unit unit)
{
	switch (unit) {
	case UNIT_COUNT:
		format_scaled(buf, value, 1000, " kMGTPE");
		break;
	case UNIT_BYTES:
		format_scaled(buf, value, 1024, " KMGTPE");
		break;
	case UNIT_NS:
		if (value <= 0)
			snprintf(buf, UNIT_LEN, "0");
		else if (value >= 999.5e6)
			format_scaled(buf, value / 1e9, 1e30, "s");
		else
			format_scaled(buf, value, 1000, "num");
		break;
	case UNIT_PERCENT:
		snprintf(buf, UNIT_LEN, "%.0f%%", value > 0 && value < 0.01 ? 1 : value * 100);
		break;
	default:
		snprintf(buf, UNIT_LEN, value > -1e12 && value < 1e12 && value == (long long)value ? "%.0f" : "%.4g", value);
	}
}
