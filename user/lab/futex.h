/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words under test, and calls on them that count themselves. */
#ifndef LAB_FUTEX_H
#define LAB_FUTEX_H

#include "lab/scenario.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

/* A word of the calling process, for FUTEX_PRIVATE_FLAG. */
struct object *object_private_word(const void *word);
/* Memory of a file of ours, mapped shared, and a word in it. The mapping is inherited. */
void *shared_memory(int *fd);
struct object *object_shared_word(int fd, size_t offset);
/* A word that ipctrace calls by a name: format takes path and offset. */
struct object *object_named_word(const char *format, const char *path, size_t offset);

/* op as in futex(2); o2: the second word's, or NULL. Keeps errno. */
long op_futex(struct object *o, enum side side, uint32_t *word, int op, uint32_t value, const void *fourth, uint32_t *word2,
	      uint32_t value3, struct object *o2, enum side side2);
long futex_wait_on(struct object *o, uint32_t *word, int op, uint32_t value); /* without timeout, any bit */
long futex_wake_on(struct object *o, uint32_t *word, int op, uint32_t cnt);
/* Counts the end of a call that was made otherwise. */
long futex_ended(struct object *o, enum side side, long ret);

#endif
