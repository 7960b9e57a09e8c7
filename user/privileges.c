// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "privileges.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static const cap_value_t wanted[] = {CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};

int privileges_drop(void)
{
	cap_t now = cap_get_proc(), kept = cap_init();
	int err = 0;

	if (!now || !kept)
		err = -errno;
	for (unsigned i = 0; !err && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		cap_flag_value_t have = CAP_CLEAR;

		if (cap_get_flag(now, wanted[i], CAP_EFFECTIVE, &have) || have != CAP_SET)
			continue;
		if (cap_set_flag(kept, CAP_PERMITTED, 1, &wanted[i], CAP_SET) ||
		    cap_set_flag(kept, CAP_EFFECTIVE, 1, &wanted[i], CAP_SET))
			err = -errno;
	}
	if (!err && cap_set_proc(kept))
		err = -errno;
	if (!err)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	cap_free(now);
	cap_free(kept);
	return err;
}
