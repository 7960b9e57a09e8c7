// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Member and function resolution against a small BTF whose layout is known, and
 * the probe against whatever kernel runs here. Needs no privileges.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel.h"
#include "tap.h"

/*
 * struct part   { u32 a; u64 b; };					   16 bytes
 * struct ring   { u32 first;
 *		   union { u64 both; struct { u32 head; u32 tail; }; };	    8
 *		   const part_t inner;					   16
 *		   void *one;						   32
 *		   void *pages[3];					   40
 *		   struct part parts[2];				   64
 *		   u32 low:4, high:28;					   96
 *		   bool flag; };					  100
 */
static struct btf *make_btf(void)
{
	struct btf *btf = btf__new_empty();
	int u32 = btf__add_int(btf, "unsigned int", 4, 0);
	int u64 = btf__add_int(btf, "long unsigned int", 8, 0);
	int boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	int pointer = btf__add_ptr(btf, 0);
	int pages = btf__add_array(btf, u32, pointer, 3);
	int part = btf__add_struct(btf, "part", 16), pair, both, part_t, constant, parts, proto;

	btf__add_field(btf, "a", u32, 0, 0);
	btf__add_field(btf, "b", u64, 64, 0);
	pair = btf__add_struct(btf, NULL, 8);
	btf__add_field(btf, "head", u32, 0, 0);
	btf__add_field(btf, "tail", u32, 32, 0);
	both = btf__add_union(btf, NULL, 8);
	btf__add_field(btf, "both", u64, 0, 0);
	btf__add_field(btf, NULL, pair, 0, 0);
	part_t = btf__add_typedef(btf, "part_t", part);
	constant = btf__add_const(btf, part_t);
	parts = btf__add_array(btf, u32, part, 2);
	btf__add_struct(btf, "ring", 104);
	btf__add_field(btf, "first", u32, 0, 0);
	btf__add_field(btf, NULL, both, 64, 0);
	btf__add_field(btf, "inner", constant, 128, 0);
	btf__add_field(btf, "one", pointer, 256, 0);
	btf__add_field(btf, "pages", pages, 320, 0);
	btf__add_field(btf, "parts", parts, 512, 0);
	btf__add_field(btf, "low", u32, 768, 4);
	btf__add_field(btf, "high", u32, 772, 28);
	btf__add_field(btf, "flag", boolean, 800, 0);
	proto = btf__add_func_proto(btf, 0);
	btf__add_func(btf, "ring_write", BTF_FUNC_STATIC, proto);
	btf__add_typedef(btf, "ring_read", part);
	return btf;
}

static void test_members(const struct kernel *k)
{
	static const struct {
		const char *path;
		uint32_t offset, size, pointers;
	} good[] = {
		{ "ring.first", 0, 4, 0 },
		{ "ring.both", 8, 8, 0 },
		{ "ring.head", 8, 4, 0 },
		{ "ring.tail", 12, 4, 0 },
		{ "ring.inner.a", 16, 4, 0 },
		{ "ring.inner.b", 24, 8, 0 },
		{ "ring.one", 32, 8, 1 },
		{ "ring.pages", 40, 24, 3 },
		{ "ring.parts", 64, 32, 0 },
		{ "ring.flag", 100, 1, 0 },
		{ "part.b", 8, 8, 0 },
		{ "ring.gone|ring.inner.gone|ring.tail|ring.head", 12, 4, 0 },
	};
	static const char *const bad[] = {
		"ring.gone", "gone.head",     "ring",	   "",	     "ring.",	       "ring.head.a",
		"ring.low",  "ring.parts.a",  "ring.one.a", "part_t.a", "ring.gone|gone.a", "|",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint32_t offset = 99, size = 99, pointers = 99;

		is_int(kernel_member(k, good[i].path, &offset, &size, &pointers), 0, "%s is found", good[i].path);
		is_int(offset, good[i].offset, "%s: offset", good[i].path);
		is_int(size, good[i].size, "%s: size", good[i].path);
		is_int(pointers, good[i].pointers, "%s: pointers", good[i].path);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t offset, size, pointers;

		is_int(kernel_member(k, bad[i], &offset, &size, &pointers), -ENOENT, "'%s' is not found", bad[i]);
	}
}

static void test_functions(const struct kernel *k)
{
	char name[16] = "untouched", narrow[5];

	ok(!kernel_function(k, "ring_splice", name, sizeof(name)), "a function that is not there");
	ok(!kernel_function(k, "ring_read|ring|part", name, sizeof(name)), "a type is no function");
	is_str(name, "untouched", "nothing is written for those");
	ok(kernel_function(k, "ring_splice|ring_write|ring_read", name, sizeof(name)), "the second alternative");
	is_str(name, "ring_write", "its name");
	ok(kernel_function(k, "ring_write", narrow, sizeof(narrow)), "a small buffer");
	is_str(narrow, "ring", "is not overrun");
}

static void test_without_btf(void)
{
	struct kernel none = { .btf_error = ENOENT };
	uint32_t offset, size, pointers;
	char name[16];

	ok(!kernel_function(&none, "ring_write", name, sizeof(name)), "without BTF there are no functions");
	is_int(kernel_member(&none, "ring.head", &offset, &size, &pointers), -ENOENT, "and no members");
}

/* The index of names belongs to one BTF: another one must not be answered from it. */
static void test_other_btf(void)
{
	struct kernel other = { .btf = btf__new_empty() };
	uint32_t offset, size, pointers;

	btf__add_int(other.btf, "unsigned int", 4, 0);
	btf__add_struct(other.btf, "ring", 8);
	btf__add_field(other.btf, "head", 1, 32, 0);
	is_int(kernel_member(&other, "ring.head", &offset, &size, &pointers), 0, "the same path in another BTF");
	is_int(offset, 4, "has the offset of that one");
	kernel_free(&other);
	ok(!other.btf, "and is forgotten when it is freed");
}

static void test_privileges(void)
{
	struct kernel k = { 0 };

	is_str(kernel_missing_capability(&k), "CAP_BPF", "nothing: CAP_BPF is missing first");
	k.cap_bpf = true;
	is_str(kernel_missing_capability(&k), "CAP_PERFMON", "CAP_BPF alone: CAP_PERFMON is missing");
	k.cap_perfmon = true;
	is_str(kernel_missing_capability(&k), NULL, "both: nothing is missing");
	is_str(lockdown_name(LOCKDOWN_CONFIDENTIALITY), "confidentiality", "lockdown by name");
}

static void test_probe(struct kernel *k)
{
	uint32_t offset, size, pointers;
	struct stat st;
	int fds[2];

	ok(*k->release && *k->machine, "release '%s' and machine '%s'", k->release, k->machine);
	ok(k->cpus >= 1 && k->cpus >= (uint32_t)sysconf(_SC_NPROCESSORS_ONLN), "%u possible CPUs", k->cpus);
	is_int(1L << k->page_shift, sysconf(_SC_PAGESIZE), "page size");
	ok(k->pid_max >= 301, "pid_max %u", k->pid_max);
	ok(pipe(fds) == 0 && fstat(fds[0], &st) == 0, "a pipe");
	is_int(k->pipefs_device, (uint32_t)major(st.st_dev) << 20 | minor(st.st_dev), "is on the device found");
	if (!k->btf) {
		skip("this kernel has no BTF");
		return;
	}
	is_int(kernel_member(k, "inode.i_ino", &offset, &size, &pointers), 0, "struct inode is found here");
	is_int(size, 8, "its number has 8 bytes");
}

static void test_symbols(const struct kernel *k)
{
	char name[64];

	ok(!kernel_symbol_at(0, name, sizeof(name)), "address 0 has no name");
	ok(!kernel_symbol_at(1, name, sizeof(name)), "neither has an address where nothing is");
	is_int(kernel_symbol("no such symbol"), 0, "a name that is not there has no address");
	if (!k->wake_function) {
		skip("kernel addresses are hidden");
		return;
	}
	ok(kernel_symbol_at(k->wake_function, name, sizeof(name)), "the address found has a name");
	is_str(name, "autoremove_wake_function", "the right one");
	ok(kernel_symbol_at(k->wake_function, name, sizeof(name)), "and still has it when asked again");
	ok(!kernel_symbol_at(k->wake_function + 1, name, sizeof(name)), "the address beside it has none");
}

int main(void)
{
	struct kernel k = { .btf = make_btf() };

	test_members(&k);
	test_functions(&k);
	test_without_btf();
	test_other_btf();
	test_members(&k);
	kernel_free(&k);
	test_privileges();
	kernel_probe(&k);
	test_probe(&k);
	test_symbols(&k);
	kernel_free(&k);
	return done_testing();
}
