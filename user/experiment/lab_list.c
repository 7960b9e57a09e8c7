// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `ipctrace lab --list` */
#include <stdlib.h>
#include <string.h>

#include "experiment/experiment.h"
#include "experiment/lab.h"
#include "model/alloc.h"
#include "out/json.h"
#include "view/output.h"

static void list_json(FILE *file)
{
	struct writer *out = xcalloc(1, sizeof(*out));
	struct json j = {.out = out};

	writer_init(out, file);
	for (const struct family *const *f = families; *f; f++)
		for (size_t i = 0; i < (*f)->cnt; i++) {
			const struct experiment *x = &(*f)->experiments[i];

			json_open(&j, NULL, '{');
			json_string(&j, "type", "claim");
			json_string(&j, "id", x->id);
			json_string(&j, "family", (*f)->name);
			json_string(&j, "claim", x->claim);
			json_string(&j, "said_by", x->said_by);
			json_string(&j, "mechanisms", x->mechs);
			json_string(&j, "needs", x->needs);
			json_close(&j, '}');
			json_end_line(&j);
			j.comma = false;
		}
	writer_flush(out);
	free(out);
}

static void list_text(FILE *out, bool color)
{
	for (const struct family *const *f = families; *f; f++) {
		if (f == families || strcmp(f[-1]->name, (*f)->name))
			fprintf(out, "%s%s%s%s: %s\n", f == families ? "" : "\n", color ? "\033[1m" : "", (*f)->name,
				color ? "\033[0m" : "", (*f)->title);
		for (size_t i = 0; i < (*f)->cnt; i++) {
			const struct experiment *x = &(*f)->experiments[i];
			char id[32];

			snprintf(id, sizeof(id), "  %s ", x->id);
			output_paragraph(out, 22, id, x->claim);
			if (x->needs)
				output_paragraph(out, 28, "                      needs ", x->needs);
		}
	}
}

int lab_list(const struct cli_options *o)
{
	FILE *out = output_open(o);

	if (!out)
		return CLI_EXIT_FAILED;
	if (o->json)
		list_json(out);
	else
		list_text(out, output_color(o, out));
	return output_close(o, out);
}
