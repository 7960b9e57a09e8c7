/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* POSIX message queues under test, and calls on them that count themselves. */
#ifndef LAB_MQ_H
#define LAB_MQ_H

#include "lab/scenario.h"

#include <mqueue.h>

#define MQ_SIZE 211u /* bytes that a message may have */

/* Made, opened for both directions and counted as one open. With a name that nobody else has. */
struct object *object_mq(mqd_t *mq, const char *name, unsigned maxmsg);
const char *mq_name(const char *name);

/* ms: give up after so long; 0: never */
int op_mq_send(struct object *o, mqd_t mq, size_t n, unsigned priority, unsigned ms);
ssize_t op_mq_receive(struct object *o, mqd_t mq, char *buf, size_t size, unsigned ms);
int op_mq_notify(struct object *o, mqd_t mq, const struct sigevent *event);
int op_mq_getattr(struct object *o, mqd_t mq, struct mq_attr *attr);

/* The result must be ret. */
void must_mq_send(struct object *o, mqd_t mq, size_t n, unsigned priority);
void must_mq_receive(struct object *o, mqd_t mq, size_t ret);

#endif
