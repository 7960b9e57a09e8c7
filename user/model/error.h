/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How often operations failed, by errno. */
#ifndef MODEL_ERROR_H
#define MODEL_ERROR_H

#include <stdint.h>

#include "model/span.h"

#define ERROR_NAME_LEN 24

/*
 * "EAGAIN". The kernel's own restart codes (ERESTARTSYS and its like, 512 on) are
 * shown as such: whether the caller saw EINTR or a new try is the signal's affair.
 * buf is used for numbers that have no name.
 */
const char *error_name(uint32_t error, char buf[ERROR_NAME_LEN]);

struct error_count {
	struct error_count *next;
	uint32_t error; /* errno, positive */
	uint32_t tick;	/* update that last read it */
	uint64_t now, before;
};

/* The count of `error` in the list; made when it is not there. */
struct error_count *errors_get(struct error_count **list, uint32_t error);
void errors_free(struct error_count *list);

/* A sum over lists, by rising errno. */
struct error_sum {
	unsigned cnt;
	struct {
		uint32_t error;
		uint64_t count;
	} rows[64]; /* more kinds than that are not met; further ones are not listed */
};

/* Adds the list's counts; tick is the current update. */
void errors_sum(struct error_sum *sum, const struct error_count *list, enum span span, uint32_t tick);

#endif
