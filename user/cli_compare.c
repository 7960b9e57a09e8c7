/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words and values of `compare`. */
#include <string.h>

#include "cli_table.h"
#include "compare/payload.h"
#include "compare/transport.h"

static int add_transport(const struct cli_option *opt, const char *name, void *dst)
{
	struct cli_guess guess = { .word = name };

	(void)opt;
	for (size_t i = 0; i < transport_cnt; i++) {
		if (strcmp(transports[i]->name, name) == 0) {
			*(uint32_t *)dst |= 1u << i;
			return 0;
		}
		cli_guess__try(&guess, transports[i]->name);
	}
	cli_refuse_unknown("transport", "", &guess);
	fputs("transports:", stderr);
	for (size_t i = 0; i < transport_cnt; i++)
		fprintf(stderr, " %s", transports[i]->name);
	fputc('\n', stderr);
	return -1;
}

int cli_set_transports(const struct cli_option *opt, const char *text, void *dst)
{
	return cli_for_each(opt, text, add_transport, dst);
}

static int add_size(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_sizes *sizes = dst;
	uint32_t bytes;

	if (!cli_read_number(text, PAYLOAD_MIN, PAYLOAD_MAX, &bytes))
		return cli_refuse(opt, "'%s' is not a number of bytes from %u to %u", text, PAYLOAD_MIN, PAYLOAD_MAX);
	for (uint32_t i = 0; i < sizes->cnt; i++)
		if (sizes->bytes[i] == bytes)
			return 0;
	if (sizes->cnt == CLI_SIZES)
		return cli_refuse(opt, "more than %d sizes", CLI_SIZES);
	sizes->bytes[sizes->cnt++] = bytes;
	return 0;
}

/* Replaces what was there: the default, or an earlier one. */
int cli_set_sizes(const struct cli_option *opt, const char *text, void *dst)
{
	((struct cli_sizes *)dst)->cnt = 0;
	return cli_for_each(opt, text, add_size, dst);
}
