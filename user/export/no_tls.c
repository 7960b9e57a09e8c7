// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "export/no_tls.h"

int ipctrace_no_tls(void)
{
	return 0;
}
