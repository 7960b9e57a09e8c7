// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/window.h"

#include <errno.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

int window_open(struct window *w, int fd, size_t row_size, uint32_t at)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	w->cnt = at >= info.max_entries ? 0 : info.max_entries - at < WINDOW ? info.max_entries - at : WINDOW;
	w->bytes = w->cnt * row_size;
	w->rows = w->cnt ? mmap(NULL, w->bytes, PROT_READ, MAP_SHARED, fd, at * row_size) : NULL;
	return w->rows == MAP_FAILED ? -errno : 0;
}

void window_close(const struct window *w)
{
	if (w->cnt)
		munmap((void *)w->rows, w->bytes);
}
