// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "recorder.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "model/alloc.h"

#define EVENTS_HELD 1024 /* a block of them */

struct recorder {
	const struct about *about;
	const char *path;
	FILE *file;
	int error;	   /* nothing more is written */
	uint64_t max_bytes, in_file, all_bytes, figures, events_cnt;
	struct snapshot state; /* what a reader of the file knows */
	bool whole;	   /* it knows nothing yet */
	struct bytes events, block;
	struct json_object *cgroups; /* every path so far, by id */
};

static int fail(struct recorder *r, int err)
{
	r->error = err;
	fprintf(stderr, "ipctrace: recording into %s ends here: %s\n", r->path, strerror(-err));
	/* a half block is no loss to a reader, but it would take the next one for damaged */
	if (ftruncate(fileno(r->file), r->in_file))
		errno = 0;
	return err;
}

static int write_block(struct recorder *r, enum block_type type, const struct bytes *raw)
{
	int err = block_write(r->file, type, raw, &r->in_file);

	return err ? fail(r, err) : 0;
}

static int write_json(struct recorder *r, enum block_type type, const char *text)
{
	struct bytes raw = { (unsigned char *)text, strlen(text), 0 };

	return write_block(r, type, &raw);
}

/* A file of its own: it begins with all that is known. */
static int begin(struct recorder *r)
{
	char *about = about_to_json(r->about);
	int err = block_write_head(r->file, &r->in_file);

	r->whole = true;
	err = err ? fail(r, err) : write_json(r, BLOCK_ABOUT, about);
	if (!err && json_object_object_length(r->cgroups))
		err = write_json(r, BLOCK_CGROUPS, json_object_to_json_string_ext(r->cgroups, JSON_C_TO_STRING_PLAIN));
	free(about);
	return err;
}

int recorder_open(struct recorder **out, const char *path, uint64_t max_bytes, const struct about *about)
{
	struct recorder *r = xcalloc(1, sizeof(*r));
	int err;

	r->about = about;
	r->path = path;
	r->max_bytes = max_bytes;
	r->cgroups = json_object_new_object();
	r->file = fopen(path, "we");
	if (!r->file) {
		err = -errno;
		fprintf(stderr, "ipctrace: cannot write %s: %s\n", path, strerror(errno));
	} else {
		err = begin(r);
	}
	if (!err) {
		*out = r;
		return 0;
	}
	if (r->file)
		fclose(r->file);
	json_object_put(r->cgroups);
	free(r);
	return err;
}

static int rotate(struct recorder *r)
{
	char older[4096];

	if (!r->max_bytes || r->in_file <= r->max_bytes)
		return 0;
	r->all_bytes += r->in_file;
	r->in_file = 0;
	snprintf(older, sizeof(older), "%s.1", r->path);
	if (fclose(r->file) || rename(r->path, older) || !(r->file = fopen(r->path, "we"))) {
		int err = -errno;

		r->file = NULL;
		r->error = err;
		fprintf(stderr, "ipctrace: cannot go on recording into %s: %s\n", r->path, strerror(-err));
		return err;
	}
	return begin(r);
}

static int flush_events(struct recorder *r)
{
	int err = r->events.len ? write_block(r, BLOCK_EVENTS, &r->events) : 0;

	r->events.len = 0;
	return err;
}

/* Paths of the cgroups that are new; another machine could not look them up. */
static int write_cgroups(struct recorder *r, const struct snapshot *s)
{
	struct json_object *fresh = json_object_new_object();
	char key[24], path[4096];
	int err = 0;

	for (size_t i = 0; i < s->processes.cnt; i++) {
		uint64_t id = s->processes.values[i].cgroup_id;

		snprintf(key, sizeof(key), "%llu", (unsigned long long)id);
		if (!id || json_object_object_get_ex(r->cgroups, key, NULL))
			continue;
		if (!cgroup_path_of(NULL, id, path, sizeof(path)))
			path[0] = '\0';
		json_object_object_add(r->cgroups, key, json_object_new_string(path));
		json_object_object_add(fresh, key, json_object_new_string(path));
	}
	if (json_object_object_length(fresh))
		err = write_json(r, BLOCK_CGROUPS, json_object_to_json_string_ext(fresh, JSON_C_TO_STRING_PLAIN));
	json_object_put(fresh);
	return err;
}

int recorder_figures(struct recorder *r, const struct snapshot *s, enum delta_kind kind)
{
	if (r->error || rotate(r) || flush_events(r) || write_cgroups(r, s))
		return r->error;
	r->block.len = 0;
	delta_write(&r->block, &r->state, s, kind, r->whole);
	r->whole = false;
	r->figures++;
	return write_block(r, BLOCK_FIGURES, &r->block);
}

int recorder_event(struct recorder *r, const struct ipc_event *event)
{
	if (r->error)
		return r->error;
	bytes_put(&r->events, event, sizeof(*event));
	r->events_cnt++;
	return r->events.len >= EVENTS_HELD * sizeof(*event) ? flush_events(r) : 0;
}

void recorder_close(struct recorder *r)
{
	if (!r)
		return;
	if (!r->error)
		fprintf(stderr, "ipctrace: recorded %llu report%s and %llu event%s in %llu bytes of %s\n",
			(unsigned long long)r->figures, r->figures == 1 ? "" : "s",
			(unsigned long long)r->events_cnt, r->events_cnt == 1 ? "" : "s",
			(unsigned long long)(r->all_bytes + r->in_file), r->path);
	if (r->file)
		fclose(r->file);
	snapshot_free(&r->state);
	bytes_free(&r->events);
	bytes_free(&r->block);
	json_object_put(r->cgroups);
	free(r);
}
