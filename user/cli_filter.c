/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Filters: whose operations count. Each parser adds its criterion to a struct
 * cli_filter. That a PID or a cgroup exists is not checked here.
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "cli_table.h"

#define PID_MAX_LIMIT (1u << 22) /* the kernel's, on 64 bits */
#define UID_MAX (UINT32_MAX - 1) /* (uid_t)-1 means nobody's */

static int add_id(const struct cli_option *opt, const char *kind, const char *text, uint32_t *ids, uint32_t *cnt)
{
	uint32_t id;

	if (!cli_read_number(text, 1, PID_MAX_LIMIT, &id))
		return cli_refuse(opt, "'%s' is not a %s (1 to %u)", text, kind, PID_MAX_LIMIT);
	for (uint32_t i = 0; i < *cnt; i++)
		if (ids[i] == id)
			return 0;
	if (*cnt == IPC_FILTER_PIDS)
		return cli_refuse(opt, "more than %d %ss, filter by cgroup, user or name instead", IPC_FILTER_PIDS,
				  kind);
	ids[(*cnt)++] = id;
	return 0;
}

static int add_pid(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_filter *filter = dst;

	return add_id(opt, "PID", text, filter->pids, &filter->pid_cnt);
}

static int add_tid(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_filter *filter = dst;

	return add_id(opt, "TID", text, filter->tids, &filter->tid_cnt);
}

int cli_set_pids(const struct cli_option *opt, const char *text, void *dst)
{
	return cli_for_each(opt, text, add_pid, dst);
}

int cli_set_tids(const struct cli_option *opt, const char *text, void *dst)
{
	return cli_for_each(opt, text, add_tid, dst);
}

int cli_set_comm(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_filter *filter = dst;
	size_t len = strlen(text), kept = sizeof(filter->comm) - 1;

	if (!len)
		return cli_refuse(opt, "the name is empty");
	if (len > kept)
		return cli_refuse(opt, "'%s' is longer than the %zu bytes the kernel keeps of a name, try '%.*s'", text,
				  kept, (int)kept, text);
	if (*filter->comm && strcmp(filter->comm, text) != 0)
		return cli_refuse(opt, "both '%s' and '%s', but only one name can be matched", filter->comm, text);
	memcpy(filter->comm, text, len + 1);
	return 0;
}

/* A name first, as a user may be named like a number; then a number. Returns 0, -ENOENT or -errno. */
static int resolve_user(const char *text, uint32_t *uid)
{
	const struct passwd *user;

	errno = 0;
	user = *text ? getpwnam(text) : NULL;
	if (user) {
		*uid = user->pw_uid;
		return 0;
	}
	switch (errno) {
	case EINTR:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOMEM: /* the rest are the many ways to say "no such name" */
		return -errno;
	}
	return cli_read_number(text, 0, UID_MAX, uid) ? 0 : -ENOENT;
}

int cli_set_user(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_filter *filter = dst;
	uint32_t uid;
	int err = resolve_user(text, &uid);

	if (err == -ENOENT)
		return cli_refuse(opt, "no user '%s', give a name of this system or a number", text);
	if (err)
		return cli_refuse(opt, "cannot look up user '%s': %s", text, strerror(-err));
	if (filter->uid_set && filter->uid != uid)
		return cli_refuse(opt, "users %u and %u, but only one can be matched", filter->uid, uid);
	filter->uid_set = true;
	filter->uid = uid;
	return 0;
}

int cli_set_cgroup(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_filter *filter = dst;

	if (!*text)
		return cli_refuse(opt, "the path is empty");
	if (filter->cgroup && strcmp(filter->cgroup, text) != 0)
		return cli_refuse(opt, "both '%s' and '%s', but only one cgroup can be matched", filter->cgroup, text);
	filter->cgroup = text;
	return 0;
}

static int set_name(const struct cli_option *opt, const char *text, const char **name)
{
	if (!*text)
		return cli_refuse(opt, "the name is empty");
	if (*name && strcmp(*name, text) != 0)
		return cli_refuse(opt, "both '%s' and '%s', but only one can be matched", *name, text);
	*name = text;
	return 0;
}

int cli_set_container(const struct cli_option *opt, const char *text, void *dst)
{
	return set_name(opt, text, &((struct cli_filter *)dst)->container);
}

int cli_set_unit(const struct cli_option *opt, const char *text, void *dst)
{
	return set_name(opt, text, &((struct cli_filter *)dst)->unit);
}

/* The option whose name is the first len bytes of key, if it fills a filter. */
static const struct cli_option *criterion(const char *key, size_t len)
{
	for (size_t i = 0; i < cli_option_cnt; i++) {
		const struct cli_option *opt = &cli_option_table[i];

		if (opt->offset == offsetof(struct cli_options, either) && opt->group == GROUP_FILTER &&
		    strncmp(opt->name, key, len) == 0 && !opt->name[len])
			return opt;
	}
	return NULL;
}

int cli_set_side(const struct cli_option *opt, const char *text, void *dst)
{
	size_t key_len = strcspn(text, "=");
	const struct cli_option *kind;

	if (!text[key_len]) {
		/* signs too, so that -5 is refused and not taken for a name */
		bool numbers = text[strspn(text, "0123456789,+-")] == '\0';

		return numbers ? cli_set_pids(opt, text, dst) : cli_set_comm(opt, text, dst);
	}
	kind = criterion(text, key_len);
	if (!kind)
		return cli_refuse(opt, "unknown '%.*s=' in '%s', use pid=, tid=, comm=, user=, cgroup=, container= or unit=", (int)key_len,
				  text, text);
	return kind->parse(opt, text + key_len + 1, dst);
}

bool filter_is_empty(const struct cli_filter *filter)
{
	return !filter->pid_cnt && !filter->tid_cnt && !*filter->comm && !filter->uid_set && !filter->cgroup &&
	       !filter->container && !filter->unit;
}
