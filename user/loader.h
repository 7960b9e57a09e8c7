/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One BPF object file: open it from the binary, give it the shared maps and the
 * config, load, attach program by program, keep no more of it than descriptors:
 * what libbpf knows of all objects takes 8 MB. Knows libbpf, no mechanism.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stddef.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "ipctrace.h"

#define LOADER_MAX_LINKS 96
#define LOADER_MAX_MAPS 48

/* Descriptors of the maps that the first object made, by name. */
struct shared_maps {
	struct {
		char name[32];
		int fd;
	} map[LOADER_MAX_MAPS];
	unsigned cnt;
};

int shared_maps_fd(const struct shared_maps *maps, const char *name); /* -ENOENT */
void shared_maps_close(struct shared_maps *maps);

struct embedded_object; /* one of bpf/, in the binary */

/* What stays of a loaded object: a name and a descriptor of ours. */
struct kept_fd {
	char name[48];
	int fd;
};

struct loaded {
	struct bpf_object *obj;	   /* until loader_keep() */
	const char *way;	   /* what the names of programs for the way of cfg.way alone end in; NULL: there are none */
	struct kept_fd *programs;  /* those that were loaded, without that */
	unsigned programs_cnt;
	struct kept_fd *maps;	   /* of this object alone: its variables */
	unsigned maps_cnt;
	struct bpf_link *links[LOADER_MAX_LINKS];
	unsigned links_cnt;
	const struct embedded_object *file;
	char failed[64]; /* the program that libbpf named when loading failed */
};

/*
 * Is it an array that programs address directly (IPC_ARRAY in bpf/maps.bpf.h)? Its name there, and the size of its
 * entries in bytes; NULL: it is not.
 */
const char *loader_array(const struct bpf_object *obj, const struct bpf_map *map, uint32_t *entry_bytes);

/* Entries of a map by its name; 0: as declared. */
typedef uint32_t (*map_entries_fn)(const char *name, const void *arg);

/* The embedded object NAME (bpf/NAME.bpf.c). Returns 0, -ENOENT, or libbpf's error. */
int loader_open(struct loaded *l, const char *name);

/* Every map gets a shared descriptor when there is one, else its size. Returns 0 or -errno. */
int loader_maps(struct loaded *l, const struct shared_maps *shared, map_entries_fn entries, const void *arg);

/* Copies size bytes into the read-only variable; -ENOENT, -E2BIG. */
int loader_rodata(struct loaded *l, const char *variable, const void *value, size_t size);

/*
 * The program of this name: the one for the object's way alone, if there is one, else that for any; NULL: neither. No other
 * program's name may end as theirs.
 */
struct bpf_program *loader_find(const struct loaded *l, const char *name);

/* Loads; on failure l->failed names the program, if it was one, as loader_find() does. */
int loader_load(struct loaded *l);

/* Remembers maps that are not shared yet, by descriptors that shared_maps_close() closes. */
void loader_share(const struct loaded *l, struct shared_maps *shared);

/* Attaches one loaded program; 0 or -errno. */
int loader_attach(struct loaded *l, const char *program);

/* All that is to be attached is: what remains are links, programs and maps. */
void loader_keep(struct loaded *l);

void loader_detach(struct loaded *l);
void loader_close(struct loaded *l);

/* The descriptor of a program that was loaded and is kept, or -ENOENT. */
int loader_program(const struct loaded *l, const char *name);

/* 0: silent, 1: libbpf's warnings, 2: everything. What was said last is kept for loader_last_message(). */
void loader_verbosity(unsigned level);
const char *loader_last_message(void);

/* Recursion misses of one loaded program; 0 before 5.12, which has no guard to count. */
uint64_t loader_missed(const struct loaded *l, const char *program);
uint64_t loader_all_missed(const struct loaded *l);

#endif
