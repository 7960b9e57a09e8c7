// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What ipctrace is measured against: the floor (hooks that do nothing) and a twin
 * in the style of older tools, with kprobes, two hashes and probe reads, for the
 * same figures per process and pipe: operations, bytes, latency, sizes.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

SEC("?fentry")
int BPF_PROG(empty_entry)
{
	return 0;
}

SEC("?fexit")
int BPF_PROG(empty_exit)
{
	return 0;
}

SEC("?raw_tp")
int empty_tracepoint(void *ctx)
{
	return 0;
}

struct begun {
	u64 ns, inode, size;
};

struct twin_key {
	u64 inode;
	u32 pid, pad;
};

struct figures {
	u64 ops, bytes, failed, latency_ns;
	u64 latency[32], sizes[32];
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, u64);
	__type(value, struct begun);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct twin_key);
	__type(value, struct figures);
} figures SEC(".maps");

static struct figures zero;

static __always_inline u32 log2_of(u64 n)
{
	u32 slot = 0;

	for (u32 bits = 32; bits; bits /= 2) {
		u32 more = (n >> bits != 0) * bits;

		n >>= more;
		slot += more;
	}
	return slot & 31;
}

SEC("?kprobe")
int BPF_KPROBE(twin_entry, struct kiocb *iocb, struct iov_iter *iter)
{
	u64 id = bpf_get_current_pid_tgid();
	struct begun b = {
		.ns = bpf_ktime_get_ns(),
		.inode = BPF_CORE_READ(iocb, ki_filp, f_inode, i_ino),
		.size = BPF_CORE_READ(iter, count),
	};

	bpf_map_update_elem(&begun, &id, &b, BPF_ANY);
	return 0;
}

SEC("?kretprobe")
int BPF_KRETPROBE(twin_exit, long ret)
{
	u64 id = bpf_get_current_pid_tgid(), ns = bpf_ktime_get_ns();
	struct begun *b = bpf_map_lookup_elem(&begun, &id);
	struct figures *f;
	struct twin_key key = {};

	if (!b)
		return 0;
	key.inode = b->inode;
	key.pid = id >> 32;
	f = bpf_map_lookup_elem(&figures, &key);
	if (!f) {
		bpf_map_update_elem(&figures, &key, &zero, BPF_NOEXIST);
		f = bpf_map_lookup_elem(&figures, &key);
	}
	if (f) {
		__sync_fetch_and_add(&f->ops, 1);
		if (ret < 0)
			__sync_fetch_and_add(&f->failed, 1);
		else
			__sync_fetch_and_add(&f->bytes, ret);
		__sync_fetch_and_add(&f->latency_ns, ns - b->ns);
		__sync_fetch_and_add(&f->latency[log2_of(ns - b->ns)], 1);
		__sync_fetch_and_add(&f->sizes[log2_of(b->size)], 1);
		bpf_get_current_comm(f->comm, sizeof(f->comm));
	}
	bpf_map_delete_elem(&begun, &id);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
