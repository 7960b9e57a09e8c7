// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The maps of an object file: their sizes, and the descriptors that all object files share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include "loader.h"

int shared_maps_fd(const struct shared_maps *maps, const char *name)
{
	for (unsigned i = 0; i < maps->cnt; i++)
		if (!strcmp(maps->map[i].name, name))
			return maps->map[i].fd;
	return -ENOENT;
}

#define ARRAYS ".bss." /* sections of arrays, one each */

const char *loader_array(const struct bpf_object *obj, const struct bpf_map *map, uint32_t *entry_bytes)
{
	const struct btf *btf = bpf_object__btf(obj);

	if (!bpf_map__is_internal(map))
		return NULL;
	for (unsigned id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *section = btf__name_by_offset(btf, t->name_off);

		if (!btf_is_datasec(t) || strncmp(section, ARRAYS, strlen(ARRAYS)) ||
		    bpf_object__find_map_by_name(obj, section) != map) /* its own name begins with the object's, and is cut */
			continue;
		t = btf_vlen(t) ? btf__type_by_id(btf, btf_var_secinfos(t)->type) : NULL; /* the variable */
		t = t ? btf__type_by_id(btf, t->type) : NULL;
		if (!t || !btf_is_array(t))
			return NULL;
		*entry_bytes = btf__resolve_size(btf, btf_array(t)->type);
		return section + strlen(ARRAYS);
	}
	return NULL;
}

static size_t in_pages(size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

/* libbpf has reserved as much memory as is declared, and will give back as much as the array has. */
static int use_array(struct bpf_map *map, int fd)
{
	size_t declared = 0, has;
	char *memory = (char *)bpf_map__initial_value(map, &declared);
	int err = bpf_map__reuse_fd(map, fd);

	if (err || !memory)
		return err;
	has = in_pages(bpf_map__value_size(map));
	declared = in_pages(declared);
	if (has < declared)
		munmap(memory + has, declared - has);
	return 0;
}

/* libbpf would make it as long as it is declared. */
static int make_array(struct bpf_map *map, const char *name, uint32_t bytes)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd, err;

	if (bytes > bpf_map__value_size(map))
		return -E2BIG;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), bytes, 1, &opts);
	if (fd < 0)
		return -errno;
	err = use_array(map, fd);
	close(fd);
	return err;
}

/* The structure that a map's values are pointers to and nothing else, by its name; NULL: they are something else. */
static const char *pointers_to(const struct btf *btf, const struct btf_type *value)
{
	const struct btf_type *t;

	if (!value || !btf_is_struct(value) || !btf_vlen(value))
		return NULL;
	t = btf__type_by_id(btf, btf_members(value)->type);
	if (!btf_is_ptr(t) || value->size != btf_vlen(value) * sizeof(void *))
		return NULL;
	t = btf__type_by_id(btf, t->type);
	return btf_is_struct(t) || btf_is_fwd(t) ? btf__name_by_offset(btf, t->name_off) : NULL;
}

/*
 * Told of their type the kernel lets programs follow them. Not declared so in the object file: clang 14 tags some types
 * only, and later kernels have another meaning for the tag, and refuse all of the file's types.
 */
static int make_pointers(struct bpf_map *map, const struct btf *declared, const char *structure, uint32_t entries)
{
	const struct btf_type *value = btf__type_by_id(declared, bpf_map__btf_value_type_id(map));
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	struct btf *btf = btf__new_empty();
	int pointer, err, fd = -1;

	if (!btf)
		return -ENOMEM;
	opts.btf_key_type_id = btf__add_int(btf, "unsigned int", sizeof(uint32_t), 0);
	pointer = btf__add_ptr(btf, btf__add_type_tag(btf, "kptr", btf__add_struct(btf, structure, 0)));
	opts.btf_value_type_id = btf__add_struct(btf, btf__name_by_offset(declared, value->name_off), value->size);
	for (unsigned i = 0; i < btf_vlen(value); i++)
		btf__add_field(btf, btf__name_by_offset(declared, btf_members(value)[i].name_off), pointer,
			       i * 8 * sizeof(void *), 0);
	err = btf__load_into_kernel(btf);
	if (!err) {
		opts.btf_fd = btf__fd(btf);
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, bpf_map__name(map), sizeof(uint32_t), value->size, entries, &opts);
		err = fd < 0 ? -errno : bpf_map__reuse_fd(map, fd);
	}
	if (fd >= 0)
		close(fd);
	btf__free(btf);
	return err;
}

/* Where it is not known that the kernel can be told of a type, an array of pointers has one entry. */
static int make_map(const struct bpf_object *obj, struct bpf_map *map, uint32_t entries)
{
	const struct btf *btf = bpf_object__btf(obj);
	const char *structure = pointers_to(btf, btf__type_by_id(btf, bpf_map__btf_value_type_id(map)));

	if (structure && entries > 1)
		return make_pointers(map, btf, structure, entries);
	return entries ? bpf_map__set_max_entries(map, entries) : 0;
}

int loader_maps(struct loaded *l, const struct shared_maps *shared, map_entries_fn entries, const void *arg)
{
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, l->obj) {
		uint32_t cnt, entry_bytes;
		const char *array = loader_array(l->obj, map, &entry_bytes);
		const char *name = array ? array : bpf_map__name(map);
		int fd;

		if (bpf_map__is_internal(map) && !array)
			continue;
		fd = shared_maps_fd(shared, name);
		cnt = entries(name, arg);
		if (array)
			err = fd >= 0 ? use_array(map, fd) : make_array(map, array, cnt * entry_bytes);
		else
			err = fd >= 0 ? bpf_map__reuse_fd(map, fd) : make_map(l->obj, map, cnt);
		if (err)
			return err;
	}
	return 0;
}

void loader_share(const struct loaded *l, struct shared_maps *shared)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, l->obj) {
		uint32_t entry_bytes;
		const char *array = loader_array(l->obj, map, &entry_bytes), *name = array ? array : bpf_map__name(map);

		if (bpf_map__is_internal(map) && !array)
			continue;
		if (shared_maps_fd(shared, name) >= 0 || shared->cnt == LOADER_MAX_MAPS)
			continue;
		snprintf(shared->map[shared->cnt].name, sizeof(shared->map[0].name), "%s", name);
		shared->map[shared->cnt++].fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
	}
}

void shared_maps_close(struct shared_maps *maps)
{
	while (maps->cnt)
		close(maps->map[--maps->cnt].fd);
}
