// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "experiment/evidence.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#define ELEMENT_MAX 64

struct json_object *document_parse(const char *text)
{
	return json_tokener_parse(text);
}

void document_free(struct json_object *document)
{
	json_object_put(document);
}

const struct json_object *document_object(const struct json_object *document)
{
	struct json_object *object = NULL;

	if (document)
		json_object_object_get_ex(document, "object", &object);
	return object;
}

_Noreturn static void misspelt(const char *path, const char *element)
{
	fprintf(stderr, "ipctrace: an experiment asks for '%s', which has no '%s'\n", path, element);
	exit(1);
}

/* Does the element have KEY=VALUE? */
static bool has(struct json_object *element, const char *key, const char *value)
{
	struct json_object *member;

	return json_object_object_get_ex(element, key, &member) && member &&
	       !strcmp(json_object_get_string(member), value);
}

/* Those elements of a list that have it, as a list; the caller's. */
static struct json_object *those_with(struct json_object *list, const char *key, const char *value)
{
	struct json_object *kept = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *element = json_object_array_get_idx(list, i);

		if (has(element, key, value))
			json_object_array_add(kept, json_object_get(element));
	}
	return kept;
}

/* The sum of a key over a list; of a key of a key where there is a dot. */
static struct json_object *sum_of(struct json_object *list, const char *key)
{
	int64_t sum = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *member;

		if (json_object_object_get_ex(json_object_array_get_idx(list, i), key, &member))
			sum += json_object_get_int64(member);
	}
	return json_object_new_int64(sum);
}

/* How far a key goes from the first to the last of a list; NULL: there are not two. */
static struct json_object *span_of(struct json_object *list, const char *key)
{
	size_t cnt = json_object_array_length(list);
	struct json_object *first, *last;

	if (cnt < 2 || !json_object_object_get_ex(json_object_array_get_idx(list, 0), key, &first) ||
	    !json_object_object_get_ex(json_object_array_get_idx(list, cnt - 1), key, &last))
		return NULL;
	return json_object_new_int64(json_object_get_int64(last) - json_object_get_int64(first));
}

static struct json_object *of_list(struct json_object *list, char *element)
{
	char *equals = strchr(element, '=');

	if (!strcmp(element, "#"))
		return json_object_new_int64(json_object_array_length(list));
	if (*element == '~')
		return span_of(list, element + 1);
	if (*element == '+')
		return sum_of(list, element + 1);
	if (equals) {
		*equals = '\0';
		return those_with(list, element, equals + 1);
	}
	if (*element == '-')
		return json_object_get(json_object_array_get_idx(list, json_object_array_length(list) -
									      strtoul(element + 1, NULL, 10)));
	return json_object_get(json_object_array_get_idx(list, strtoul(element, NULL, 10)));
}

/* What happened never is not listed in these: it was 0 times. */
static bool lists_what_happened(const char *name)
{
	return !strcmp(name, "errors") || !strcmp(name, "causes") || !strcmp(name, "priorities");
}

static struct value value_of(struct json_object *at)
{
	struct value v = {.known = at != NULL};

	switch (json_object_get_type(at)) {
	case json_type_null:
		break;
	case json_type_string:
		snprintf(v.text, sizeof(v.text), "%s", json_object_get_string(at));
		break;
	case json_type_object:
		v.number = json_object_object_length(at);
		break;
	case json_type_array:
		v.number = json_object_array_length(at);
		break;
	default:
		v.number = json_object_get_int64(at);
	}
	return v;
}

/* Events and rings stand beside the object. */
static struct json_object *root_of(const struct json_object *document, const char *path)
{
	struct json_object *root;

	if (!strncmp(path, "events.", 7) || !strncmp(path, "ring.", 5))
		return json_object_get((struct json_object *)document);
	json_object_object_get_ex(document, "object", &root);
	return json_object_get(root);
}

/* One element down; counts are 0 where nothing of the kind happened. Takes `at`, gives a reference. */
static struct json_object *down(struct json_object *at, char *element, const char *parent, const char *path)
{
	struct json_object *next = NULL;

	if (json_object_is_type(at, json_type_array)) {
		next = of_list(at, element);
	} else if (json_object_object_get_ex(at, element, &next)) {
		json_object_get(next);
	} else if (lists_what_happened(parent)) {
		next = json_object_new_int64(0);
	} else if (json_object_is_type(at, json_type_int)) {
		next = json_object_get(at); /* 0 of what has members when there are any */
	} else {
		misspelt(path, element);
	}
	json_object_put(at);
	return next;
}

struct value document_value(const struct json_object *document, const char *path)
{
	char element[ELEMENT_MAX], parent[ELEMENT_MAX] = "";
	struct json_object *at = document ? root_of(document, path) : NULL;
	const char *rest = path;
	struct value v;

	while (at && *rest) {
		int len = strcspn(rest, ".");

		snprintf(element, sizeof(element), "%.*s", len, rest);
		at = down(at, element, parent, path);
		snprintf(parent, sizeof(parent), "%s", element);
		rest += len + (rest[len] == '.');
	}
	v = value_of(at);
	json_object_put(at);
	return v;
}

void value_text(const struct value *v, bool ascii, char *buf, size_t size)
{
	if (!v->known)
		snprintf(buf, size, "%s", ascii ? "-" : "–");
	else if (*v->text)
		snprintf(buf, size, "%s", v->text);
	else
		snprintf(buf, size, "%lld", (long long)v->number);
}

/* ---- verdicts ---- */

static const struct value *value_named(const struct evidence *e, const char *name)
{
	const struct exhibit *f = e->experiment->figures;

	for (unsigned i = 0; i < FIGURES_MAX && f[i].name; i++)
		if (!strcmp(f[i].name, name))
			return &e->values[i];
	return NULL;
}

static const struct value *must_have_value(const struct evidence *e, const char *name)
{
	const struct value *v = value_named(e, name);

	if (!v) {
		fprintf(stderr, "ipctrace: the verdict of %s asks for a figure '%s'\n", e->experiment->id, name);
		exit(1);
	}
	return v;
}

int64_t num(const struct evidence *e, const char *name)
{
	const struct value *v = must_have_value(e, name);

	return v->known ? v->number : 0;
}

const char *word(const struct evidence *e, const char *name)
{
	return must_have_value(e, name)->text;
}

bool seen(const struct evidence *e, const char *name)
{
	return must_have_value(e, name)->known;
}

bool evidence_break(struct evidence *e, const char *name)
{
	struct value *v = (struct value *)value_named(e, name);

	if (!v)
		return false;
	v->known = true;
	v->number = !v->number;
	if (*v->text)
		snprintf(v->text, sizeof(v->text), "broken");
	return true;
}

/* {NAME} or {NAME/N}, without the braces */
static void put_figure(FILE *out, const struct evidence *e, const char *text, int len)
{
	char name[ELEMENT_MAX], *slash;
	const struct value *v;
	int64_t divisor = 1;

	snprintf(name, sizeof(name), "%.*s", len, text);
	slash = strchr(name, '/');
	if (slash) {
		*slash = '\0';
		divisor = strtoll(slash + 1, NULL, 10);
	}
	v = must_have_value(e, name);
	if (!v->known)
		fputs("?", out);
	else if (*v->text)
		fputs(v->text, out);
	else
		fprintf(out, "%lld", (long long)(v->number / divisor));
}

static void give(struct verdict *v, const struct evidence *e, enum verdict_kind kind, const char *format, va_list args)
{
	char text[sizeof(v->text)];
	FILE *out = fmemopen(v->text, sizeof(v->text), "w");

	v->kind = kind;
	vsnprintf(text, sizeof(text), format, args);
	for (const char *at = text; out && *at; at++) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;

		if (end) {
			put_figure(out, e, at + 1, end - at - 1);
			at = end;
		} else {
			fputc(*at, out);
		}
	}
	if (out)
		fclose(out);
	v->text[sizeof(v->text) - 1] = '\0';
}

#define GIVE(name, kind)                                                                        \
	void name(struct verdict *v, const struct evidence *e, const char *format, ...)          \
	{                                                                                       \
		va_list args;                                                                   \
                                                                                                \
		va_start(args, format);                                                         \
		give(v, e, kind, format, args);                                                 \
		va_end(args);                                                                   \
	}

GIVE(holds, VERDICT_HOLDS)
GIVE(limited, VERDICT_LIMIT)
GIVE(refuted, VERDICT_REFUTED)
GIVE(unseen, VERDICT_UNSEEN)

void verdict_on(const struct evidence *e, struct verdict *v)
{
	const struct experiment *x = e->experiment;
	size_t len = 0;

	*v = (struct verdict){0};
	for (unsigned i = 0; i < FIGURES_MAX && x->figures[i].name && len < sizeof(v->text); i++)
		if (!e->values[i].known && !x->figures[i].optional)
			len += snprintf(v->text + len, sizeof(v->text) - len, "%s%s", len ? ", " : "not seen: ",
					x->figures[i].what);
	if (!len) {
		x->judge(e, v);
		return;
	}
	v->kind = VERDICT_UNSEEN;
	if (x->needs && len < sizeof(v->text))
		snprintf(v->text + len, sizeof(v->text) - len, "; it needs %s", x->needs);
}

static const struct {
	const char *name, *word;
} kinds[VERDICT_CNT] = {
	[VERDICT_NONE] = {"no verdict", "none"},
	[VERDICT_HOLDS] = {"holds", "holds"},
	[VERDICT_LIMIT] = {"holds with a limit", "limit"},
	[VERDICT_REFUTED] = {"does not hold here", "refuted"},
	[VERDICT_UNSEEN] = {"not seen by this backend", "unseen"},
	[VERDICT_ABSENT] = {"not on this kernel", "absent"},
	[VERDICT_UNESTABLISHED] = {"not established", "unestablished"},
};

const char *verdict_kind_name(enum verdict_kind kind)
{
	return kinds[kind].name;
}

const char *verdict_kind_word(enum verdict_kind kind)
{
	return kinds[kind].word;
}
