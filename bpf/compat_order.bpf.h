/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * In which order other CPUs see what one CPU reads and writes, as in compat.bpf.h; names and meanings are those of
 * the kernel's memory-barriers.txt. BPF has no barriers, but an atomic addition is one on x86, which keeps everything
 * else but a store before a load, so that nothing here costs it anything. arm64 keeps nothing: there an
 * addition whose result is not used is stadd, without any order; one that returns a value is ldaddal, or stlxr
 * and a dmb, and a full barrier (arch/arm64/net/bpf_jit_comp.c, since 5.18; 5.10 has them on no machine).
 */
#ifndef COMPAT_ORDER_BPF_H
#define COMPAT_ORDER_BPF_H

#if defined(__TARGET_ARCH_arm64)

/* Adds, and is a full barrier. */
#define atomic_add_mb(at, n)                                                    \
	do {                                                                    \
		__u64 before_ = (__u64)__sync_fetch_and_add((at), (n));         \
		asm volatile("" : : "r"(before_) : "memory"); /* it is used */ \
	} while (0)

/* Of a word of the stack, which no other CPU has in its cache. */
static __always_inline void smp_mb(void)
{
	__u64 word = 0;

	atomic_add_mb(&word, 1);
}

#define smp_rmb() smp_mb()
#define smp_wmb() smp_mb()

/* The same pointer. What is read through it is read after `seen` was: its address depends on that. */
static __always_inline const void *pointer_after(__u64 seen, const void *pointer)
{
	asm volatile("%0 &= 0" : "+r"(seen));
	return pointer + seen;
}

#else

#define atomic_add_mb(at, n) ((void)__sync_fetch_and_add((at), (n)))
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define pointer_after(seen, pointer) (pointer)

#endif

#endif
