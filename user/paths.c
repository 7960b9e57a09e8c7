// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "paths.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "inode.h"
#include "mech.h"

/* The path behind a descriptor, when it is the object's. A file that was removed says so in its link. */
static bool is_object(const struct ipc_holder_key *h, const struct mechanism *mech, const char *fd, struct ipc_name *name)
{
	char path[300], pid[16];
	struct inode_id id;
	struct stat st;
	ssize_t len;

	snprintf(pid, sizeof(pid), "%u", h->tgid);
	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	if (stat(path, &st) || (st.st_mode & S_IFMT) != mech->file_mode)
		return false;
	id = inode_of_descriptor(&st, pid, fd);
	if (id.inode != h->id || id.device != h->domain)
		return false;
	len = readlink(path, name->path, sizeof(name->path) - 1);
	if (len <= 0 || *name->path != '/')
		return false;
	name->path[len] = '\0';
	return true;
}

static bool ask_holder(const struct ipc_holder_key *h, const struct mechanism *mech, struct ipc_name *name)
{
	struct dirent *entry;
	bool found = false;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", h->tgid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = isdigit(*entry->d_name) && is_object(h, mech, entry->d_name, name);
	if (dir)
		closedir(dir);
	return found;
}

void paths_find(struct programs *p)
{
	int names = programs_map(p, "names");
	size_t cnt;
	const struct ipc_holder_key *holders = programs_holders(p, &cnt);

	for (size_t i = 0; names >= 0 && i < cnt; i++) {
		const struct ipc_holder_key *h = &holders[i];
		const struct mechanism *mech = mechanism_by_id(h->mech);
		struct ipc_object_id id = { .id = h->id, .domain = h->domain, .mech = h->mech };
		struct ipc_name name = { 0 };

		if (!mech || !mech->has_path || !bpf_map_lookup_elem(names, &id, &name))
			continue;
		memset(&name, 0, sizeof(name));
		if (ask_holder(h, mech, &name))
			bpf_map_update_elem(names, &id, &name, BPF_NOEXIST);
	}
}
