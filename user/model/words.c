// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stddef.h>

#include "model/words.h"

const char *op_name(enum ipc_op op)
{
	static const char *const names[OP_MAX] = {
		[OP_SEND] = "send", [OP_RECV] = "recv", [OP_OPEN] = "open", [OP_CLOSE] = "close", [OP_CTL] = "ctl",
	};

	return op < OP_MAX ? names[op] : "?";
}

const char *cause_name(enum ipc_cause cause)
{
	static const char *const names[CAUSE_MAX] = {
		[CAUSE_EMPTY] = "empty", [CAUSE_FULL] = "full",	  [CAUSE_PARTNER] = "partner",
		[CAUSE_VALUE] = "value", [CAUSE_ZERO] = "zero",	  [CAUSE_LOCK] = "lock",
		[CAUSE_BACKLOG] = "backlog", [CAUSE_IO] = "io",	  [CAUSE_HELD] = "held",
	};

	return cause < CAUSE_MAX ? names[cause] : NULL;
}
