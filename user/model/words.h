/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words for what the numbers of bpf/ipctrace.h mean. */
#ifndef MODEL_WORDS_H
#define MODEL_WORDS_H

#include "ipctrace.h"

const char *op_name(enum ipc_op op);	      /* "send" */
const char *cause_name(enum ipc_cause cause); /* "full"; NULL: none, or not known */

#endif
