// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "experiment/scene_pipe.h"

struct object *the_pipe;
int ends[2];

void one_pipe(void)
{
	the_pipe = object_pipe(ends, 0);
}

void own_end(unsigned who)
{
	if (who != READER)
		close_fd(ends[0]);
	if (who != WRITER)
		close_fd(ends[1]);
}

void write_page(void)
{
	must_write(the_pipe, ends[1], page_size());
}

void read_page(void)
{
	must_read(the_pipe, ends[0], page_size(), page_size());
}

void close_write_end(void)
{
	close_fd(ends[1]);
}

void close_read_end(void)
{
	close_fd(ends[0]);
}
