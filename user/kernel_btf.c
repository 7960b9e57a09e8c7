// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Functions and structure members by name, in the kernel's BTF. libbpf finds a
 * name by comparing with every one of some 150,000 types; a program that tries
 * several names for each of its hooks is better served by an index.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "model/alloc.h"

/* The alternatives of "a|b|c", one after the other; *at moves on. */
static bool next_alternative(const char **at, char *word, size_t size)
{
	size_t len = strcspn(*at, "|");

	if (!**at)
		return false;
	snprintf(word, size, "%.*s", (int)len, *at);
	*at += len + ((*at)[len] == '|');
	return true;
}

/*
 * An open hash of type ids, by name and kind. One for the program: there is but
 * one kernel, and who asks about another BTF (a test) has it built anew.
 */
static struct {
	const struct btf *btf;
	uint32_t type_cnt;
	uint32_t *ids; /* 0: empty */
	uint32_t mask;
} names;

static uint32_t name_hash(const char *name, uint32_t kind)
{
	uint32_t hash = 2166136261u ^ kind; /* FNV-1a */

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 16777619u;
	return hash ^ hash >> 15;
}

static bool is_indexed(uint32_t kind)
{
	return kind == BTF_KIND_FUNC || kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION || kind == BTF_KIND_TYPEDEF;
}

static void build_index(const struct btf *btf)
{
	uint32_t cnt = btf__type_cnt(btf), slots = 16;

	while (slots < 2 * cnt)
		slots *= 2;
	free(names.ids);
	names.ids = xcalloc(slots, sizeof(*names.ids));
	names.mask = slots - 1;
	names.btf = btf;
	names.type_cnt = cnt;
	for (uint32_t id = 1; id < cnt; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		uint32_t kind = btf_kind(t), slot;

		if (!t->name_off || !is_indexed(kind))
			continue;
		slot = name_hash(btf__name_by_offset(btf, t->name_off), kind) & names.mask;
		while (names.ids[slot])
			slot = (slot + 1) & names.mask;
		names.ids[slot] = id;
	}
}

static const struct btf_type *find_type(const struct btf *btf, const char *name, uint32_t kind)
{
	if (names.btf != btf || names.type_cnt != btf__type_cnt(btf))
		build_index(btf);
	for (uint32_t slot = name_hash(name, kind) & names.mask; names.ids[slot]; slot = (slot + 1) & names.mask) {
		const struct btf_type *t = btf__type_by_id(btf, names.ids[slot]);

		if (btf_kind(t) == kind && strcmp(btf__name_by_offset(btf, t->name_off), name) == 0)
			return t;
	}
	return NULL;
}

bool kernel_function(const struct kernel *k, const char *alternatives, char *buf, uint32_t size)
{
	char name[128];

	while (k->btf && next_alternative(&alternatives, name, sizeof(name)))
		if (find_type(k->btf, name, BTF_KIND_FUNC)) {
			snprintf(buf, size, "%s", name);
			return true;
		}
	return false;
}

static const struct btf_type *strip(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

/* Where a member lies: its type, and its first bit counted from the outermost structure. */
struct place {
	uint32_t type_id;
	uint32_t bits;
};

/* `name` in t or, when that has no such member, in what t holds without a name. */
static bool find_member(const struct btf *btf, const struct btf_type *t, const char *name, struct place *place)
{
	const struct btf_member *m = btf_members(t);
	struct place outer = *place;

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const char *member_name = btf__name_by_offset(btf, m[i].name_off);
		const struct btf_type *type = strip(btf, m[i].type);

		place->type_id = m[i].type;
		place->bits = outer.bits + btf_member_bit_offset(t, i);
		if (strcmp(member_name, name) == 0)
			return !btf_member_bitfield_size(t, i);
		if (!*member_name && type && btf_is_composite(type) && find_member(btf, type, name, place))
			return true;
	}
	*place = outer;
	return false;
}

static uint32_t pointer_count(const struct btf *btf, const struct btf_type *t)
{
	uint32_t cnt = 1;

	while (t && btf_is_array(t)) {
		cnt *= btf_array(t)->nelems;
		t = strip(btf, btf_array(t)->type);
	}
	return t && btf_is_ptr(t) ? cnt : 0;
}

/* One alternative, "struct.member.member"; it is taken apart in place. */
static int resolve(const struct btf *btf, char *path, uint32_t *offset, uint32_t *size, uint32_t *pointers)
{
	char *name = strsep(&path, ".");
	const struct btf_type *t = find_type(btf, name, BTF_KIND_STRUCT);
	struct place place = { 0 };
	long long bytes;

	if (!t || !path)
		return -ENOENT;
	while ((name = strsep(&path, "."))) {
		if (!t || !btf_is_composite(t) || !*name || !find_member(btf, t, name, &place))
			return -ENOENT;
		t = strip(btf, place.type_id);
	}
	bytes = btf__resolve_size(btf, place.type_id);
	if (bytes < 0)
		return -ENOENT;
	*offset = place.bits / 8;
	*size = bytes;
	*pointers = pointer_count(btf, t);
	return 0;
}

int kernel_member(const struct kernel *k, const char *alternatives, uint32_t *offset, uint32_t *size,
		  uint32_t *pointers)
{
	char path[256];

	while (k->btf && next_alternative(&alternatives, path, sizeof(path)))
		if (resolve(k->btf, path, offset, size, pointers) == 0)
			return 0;
	return -ENOENT;
}

void kernel_forget_types(struct kernel *k)
{
	free(names.ids);
	memset(&names, 0, sizeof(names));
	btf__free(k->btf);
	k->btf = NULL;
}

void kernel_free(struct kernel *k)
{
	kernel_forget_types(k);
	*k = (struct kernel){ 0 };
}
