/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers for people: at most four characters, a unit's letter included; only seconds and plain
 * numbers can be more. */
#ifndef OUT_UNITS_H
#define OUT_UNITS_H

#include <stddef.h>

#define UNIT_LEN 16

enum unit {
	UNIT_NONE = 0,	/* text */
	UNIT_COUNT,	/* 999, 1.5k, 12k, 1.2M: powers of 1000 */
	UNIT_BYTES,	/* 999, 1.5K, 64K, 1.2G: powers of 1024 */
	UNIT_NS,	/* nanoseconds as 999n, 1.2u, 12m, 1.5s, 3600s */
	UNIT_PERCENT,	/* a share of 0 to 1 as 0%, 3%, 100%; what is there but below 1 is 1% */
	UNIT_NUMBER,	/* 123456, 1.25: all digits of an integer, four of another */
};

void format_unit(char buf[UNIT_LEN], double value, enum unit unit);

#endif
