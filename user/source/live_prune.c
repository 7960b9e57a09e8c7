// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live_prune.h"
#include "source/live_wakes.h"

#include <bpf/bpf.h>

/* Of objects that are told apart by who made them (bpf/maker.bpf.h): unless another has the number by now. */
static void remove_maker(const struct programs *p, const struct ipc_object_id *id)
{
	uint64_t key = (uint64_t)id->mech << 32 | id->id;
	int fd = programs_map(p, "makers");
	uint32_t maker;

	if (!(id->id >> 32) && !bpf_map_lookup_elem(fd, &key, &maker) && maker == id->domain)
		bpf_map_delete_elem(fd, &key);
}

static uint64_t remove_row(void *ctx, const struct snapshot_table *t, const void *key)
{
	if (SNAPSHOT_TABLE_IS(t, edges))
		return programs_remove_edge(ctx, key);
	if (SNAPSHOT_TABLE_IS(t, objects))
		remove_maker(ctx, key);
	if (SNAPSHOT_TABLE_IS(t, wakes))
		live_wakes_remove(ctx, key);
	else
		bpf_map_delete_elem(programs_map(ctx, t->name), key);
	return 0;
}

static bool look_at_row(void *ctx, const struct ipc_object_id *id, struct ipc_object *row)
{
	return !bpf_map_lookup_elem(programs_map(ctx, "objects"), id, row);
}

static uint32_t room_of(const struct programs *p, const char *table)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	int fd = programs_map(p, table);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.max_entries;
}

struct prune *live_prune_new(struct programs *p)
{
	struct prune_config config = { .remove = remove_row, .look = look_at_row, .ctx = p };

	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mechanism *mech = mechanisms[i];
		const struct mech_status *st = programs_status(p, mech);

		if (st->backend == BACKEND_NONE ||
		    !(mech_unseen(mech, st->backend, programs_profile(p)) & UNSEEN_DESTRUCTION))
			continue;
		if (mech->found_idle)
			config.found |= 1u << mech->id;
		else if (mech->unseen[BACKEND_FUNCTION] & UNSEEN_DESTRUCTION) /* the backend that sees every end that there is */
			config.lifeless |= 1u << mech->id;
	}
	for (size_t i = 0; i < snapshot_table_cnt; i++)
		if (!SNAPSHOT_TABLE_IS(&snapshot_tables[i], sleepers)) /* they take themselves out */
			config.room[i] = room_of(p, snapshot_tables[i].name);
	return prune_new(&config);
}
