// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/hist.h"

uint64_t hist_count(const struct ipc_hist *h)
{
	uint64_t cnt = 0;

	for (unsigned i = 0; i < IPC_HIST_SLOTS; i++)
		cnt += h->slots[i];
	return cnt;
}

uint64_t hist_lower(unsigned slot)
{
	return slot ? 1ull << (slot - 1) : 0;
}

uint64_t hist_upper(unsigned slot)
{
	return slot < IPC_HIST_SLOTS - 1 ? (1ull << slot) - 1 : HIST_OPEN;
}

double hist_mean(const struct ipc_hist *h)
{
	uint64_t cnt = hist_count(h);

	return cnt ? (double)h->sum / cnt : 0;
}

uint64_t hist_quantile(const struct ipc_hist *h, double q)
{
	uint64_t cnt = hist_count(h), seen = 0;

	for (unsigned i = 0; i < IPC_HIST_SLOTS; i++) {
		seen += h->slots[i];
		if (seen && seen >= q * cnt)
			return hist_upper(i);
	}
	return 0;
}
