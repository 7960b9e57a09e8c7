/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Figures out of ipctrace's JSON. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "experiment/experiment.h"

struct json_object; /* json-c's */

/* A moment's JSON of one object: {"object":…,"events":[…],"ring":…}. NULL: no JSON. Free with document_free(). */
struct json_object *document_parse(const char *text);
void document_free(struct json_object *document);
const struct json_object *document_object(const struct json_object *document); /* the object in it; NULL: none */

/*
 * The value at a path (struct exhibit); documents may be NULL: nothing was seen of the
 * object. A path that ipctrace's JSON does not have ends the program: it is misspelt.
 */
struct value document_value(const struct json_object *document, const char *path);

/* number or text, as it is shown; "–" or "-" when it is not known */
void value_text(const struct value *v, bool ascii, char *buf, size_t size);

/*
 * For a test, and for the doubtful: 0 where it was another figure, 1 where it was 0, a
 * word of no meaning where it was a word. False: there is none of that name.
 */
bool evidence_break(struct evidence *e, const char *name);

#endif
