// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Futexes: names of words, and the figures that follow from errors and waits. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/verdict.h"
#include "reading.h"
#include "tap.h"

static const struct mechanism *futex;

static void check_both_ways(const char *text, uint64_t id, uint32_t domain)
{
	struct ipc_object_id parsed = {};
	char again[64];

	is_int(futex->parse_id(text, &parsed), 0, "%s is read", text);
	ok(parsed.id == id && parsed.domain == domain && parsed.mech == MECH_FUTEX && !parsed.pad, "and is that word");
	futex->format_id(&parsed, again, sizeof(again));
	is_str(again, text, "and is called so");
}

static void check_names(void)
{
	static const char *const wrong[] = { "futex:[12:0x10", "futex:[12:0x10]x", "futex:[12:0x10:private]", "futex:[]",
					     "0x10", "", "relative+0x10", "/dev/null", "/dev/null+10", "/dev/null+0x10x" };
	char text[64], path[] = "/tmp/futex_test.XXXXXX";
	struct ipc_object_id id;
	struct stat st;
	int fd;

	check_both_ways("futex:[4711:0x7f0012345678]", 0x7f0012345678, 4711);
	check_both_ways("futex:[4711:0x7f0012345678:shared]", 0x7f0012345679, 4711);
	check_both_ways("futex:[8:1:77+0x34]", 1ull << 63 | 77ull << 30 | 0x34 >> 2, 8 << 20 | 1);
	check_both_ways("futex:[4095:1048575:8589934591+0xfffffffc]", ~0ull, ~0u);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is_int(futex->parse_id(wrong[i], &id), -EINVAL, "'%s' is no word", wrong[i]);
	is_int(futex->parse_id("/nowhere/at+all+0x10", &id), -ENOENT, "a file that is not there");
	fd = mkstemp(path);
	if (fd < 0 || fstat(fd, &st))
		return;
	snprintf(text, sizeof(text), "%s+0x40", path);
	is_int(futex->parse_id(text, &id), 0, "a path and an offset");
	ok(id.id == (1ull << 63 | (uint64_t)st.st_ino << 30 | 0x10), "are the file's word");
	unlink(path);
	close(fd);
}

static double derived(const struct object *o, const char *name)
{
	double value;

	for (const struct mech_derived *d = o->mech->derived; d->name; d++)
		if (!strcmp(d->name, name))
			return d->get(o, SPAN_TOTAL, &value) ? value : -1;
	return -2;
}

static struct ipc_object_id word(uint64_t address)
{
	return (struct ipc_object_id){ .id = address, .domain = 100, .mech = MECH_FUTEX };
}

static void check_figures(void)
{
	struct model_config config = { .page_size = 4096 };
	struct snapshot s = {};
	struct ipc_object_id hot = word(0x1000), cold = word(0x2000);
	const struct object *o;
	struct ipc_edge *e;
	struct model *m;

	config.can[MECH_FUTEX] = capability_of(futex, BACKEND_SYSCALL, PROFILE_WAITS);
	m = model_new(&config);
	reading_at(&s, 1000);
	add_process(&s, 100, "worker");
	e = add_edge(&s, hot, OP_RECV, 100);
	e->ops = 17;
	e->failed = 8;
	e->waits = e->causes[CAUSE_VALUE] = 12;
	e->wait_ns = 300 * MS;
	e->counters[3] = 10;
	e->counters[4] = 1;
	add_error(&s, hot, OP_RECV, 100, ETIMEDOUT, 3);
	add_error(&s, hot, OP_RECV, 100, EAGAIN, 5);
	e = add_edge(&s, hot, OP_SEND, 100);
	e->ops = 13;
	e->counters[0] = 7;
	e->counters[1] = 2;
	e = add_edge(&s, cold, OP_RECV, 100);
	e->ops = e->waits = e->causes[CAUSE_VALUE] = 1;
	e->wait_ns = 100 * MS;
	e = add_edge(&s, cold, OP_CTL, 100);
	e->ops = 1;
	e->counters[5] = 2;
	model_update(m, &s);

	o = model_object(m, &hot);
	ok(derived(o, "timeouts") == 3, "waits that the clock ended");
	ok(derived(o, "changed") == 5, "waits for a value that was gone");
	ok(derived(o, "empty_wakes") == 7, "wakes in vain");
	ok(derived(o, "requeued") == 2 && derived(o, "received") == 0, "sleepers moved away");
	ok(derived(o, "contended_share") == 10.0 / 17, "ten of seventeen calls had to wait");
	ok(derived(o, "owner_died") == -1, "words are not read with this profile");
	ok(derived(o, "contention_share") == 0.75, "three quarters of all waiting");
	ok(!verdict_name(object_verdict(o, SPAN_TOTAL)), "nobody is the bottleneck of a word");
	o = model_object(m, &cold);
	ok(derived(o, "contention_share") == 0.25, "one quarter");
	ok(derived(o, "received") == 2 && derived(o, "requeued") == 0, "sleepers moved here");
	model_free(m);
	snapshot_free(&s);
}

int main(void)
{
	futex = mechanism_by_name("futex");
	check_names();
	check_figures();
	return done_testing();
}
