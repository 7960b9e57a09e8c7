/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state words of an object, read by address and picked apart by table. Included by syscall.bpf.c. */
#ifndef SYSCALL_WORDS_BPF_H
#define SYSCALL_WORDS_BPF_H

/*
 * Where an object's bytes are read to and its words picked from them: one each
 * for the two programs, of which one may be preempted while the other runs. The
 * same program does not run twice on a CPU: the recursion guard sees to that.
 */
enum scratch {
	SCRATCH_ENTER = 0,
	SCRATCH_EXIT = 1,
	SCRATCHES = 2,
};
struct kobj_scratch {
	__u64 name; /* where in user space the call names another socket; 0: it does not */
	__u32 words[IPC_STATE_WORDS];
	__u8 bytes[2 * IPC_KOBJ_SPAN + 8]; /* for the verifier, which sees only the masks below */
};
IPC_MAP(kobj_scratches, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct kobj_scratch, SCRATCHES);

static __always_inline __u64 word_at(const struct kobj_scratch *k, __u32 offset, __u32 size)
{
	offset &= IPC_KOBJ_SPAN - 1;
	switch (size) {
	case 1:
		return k->bytes[offset];
	case 2:
		return *(__u16 *)&k->bytes[offset];
	case 4:
		return *(__u32 *)&k->bytes[offset];
	case 8:
		return *(__u64 *)&k->bytes[offset];
	}
	return 0;
}

/*
 * The state words of an object of this class, into the scratch: one read, then
 * picked apart. Global, so that the verifier walks the loops once. 0, or -1.
 */
__attribute__((noinline)) int ipc_read_words(__u32 which, __u32 class, __u64 kobj)
{
	const volatile struct ipc_file_class *c;
	struct kobj_scratch *k;

	k = bpf_map_lookup_elem(&kobj_scratches, &which);
	if (!k || !kobj || class >= IPC_FILE_CLASSES)
		return -1;
	c = &file_classes[class];
	if (c->depth == DEPTH_SEMS)
		return sem_state(k->words, kobj, SEM_ANY_ID, 0);
	if (c->span > IPC_KOBJ_SPAN ||
	    bpf_probe_read_kernel(k->bytes, c->span & (2 * IPC_KOBJ_SPAN - 1), (void *)kobj + c->base))
		return -1;
	for (int i = 0; i < IPC_STATE_WORDS; i++) {
		const volatile struct ipc_word *w = &c->words[i];
		__u32 value = 0;

		if (!w->size) {
			value = IPC_STATE_ABSENT;
		} else if (!w->pointers) {
			value = word_at(k, w->offset, w->size);
		} else if (w->pointers == WORD_HIGH) {
			value = word_at(k, w->offset, 8) >> 32;
		} else if (w->pointers == WORD_PID) {
			value = pid_number(word_at(k, w->offset, 8));
		} else {
			for (__u32 p = 0; p < 4; p++)
				if (p < w->pointers && word_at(k, w->offset + p * 8, 8))
					value++;
		}
		k->words[i] = value;
	}
	return 0;
}

static __always_inline const __u32 *read_words(__u32 which, __u32 class, __u64 kobj)
{
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);

	return k && !ipc_read_words(which, class, kobj) ? k->words : NULL;
}

#endif
