/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A segment as it lies in the kernel, and where: reads by address cost the most of all, so few are made of much each, and
 * where it was found is remembered. Included by shm.bpf.h.
 */
#ifndef SHM_READ_BPF_H
#define SHM_READ_BPF_H

struct segment_perm {
	__u8 deleted;
	__u8 pad[3];
	__u32 id;
	__u32 key;
	__u32 owners[4];
	__u16 mode;
	__u16 pad2;
};

struct segment {
	__u64 file;
	__u64 attached;
	__u64 size;
	__u64 attach_time;
	__u64 detach_time;
	__u64 change_time;
	__u64 creator; /* addresses of struct pid */
	__u64 last_user;
};

#define PERM_AT(member) \
	(bpf_core_field_offset(struct kern_ipc_perm, member) - bpf_core_field_offset(struct kern_ipc_perm, deleted))
#define SEGMENT_AT(member) \
	(bpf_core_field_offset(struct shmid_kernel, member) - bpf_core_field_offset(struct shmid_kernel, shm_file))
#define PERM_FITS(member) (PERM_AT(member) == __builtin_offsetof(struct segment_perm, member))
#define SEGMENT_FITS(member, kernels) (SEGMENT_AT(kernels) == __builtin_offsetof(struct segment, member))

/* Not where structures were laid out at random. */
static __always_inline bool segment_lies_together(void)
{
	return PERM_FITS(id) && PERM_FITS(key) && PERM_FITS(mode) && SEGMENT_FITS(attached, shm_nattch) &&
	       SEGMENT_FITS(size, shm_segsz) && SEGMENT_FITS(attach_time, shm_atim) && SEGMENT_FITS(detach_time, shm_dtim) &&
	       SEGMENT_FITS(change_time, shm_ctim) && SEGMENT_FITS(creator, shm_cprid) && SEGMENT_FITS(last_user, shm_lprid);
}

static __always_inline bool segment_read(__u64 address, struct segment_perm *perm, struct segment *s)
{
	struct shmid_kernel *shm = (void *)address;

	if (segment_lies_together())
		return probe_read(perm, &shm->shm_perm.deleted) && probe_read(s, &shm->shm_file);
	return probe_read(&perm->deleted, &shm->shm_perm.deleted) && probe_read(&perm->id, &shm->shm_perm.id) &&
	       probe_read(&perm->key, &shm->shm_perm.key) && probe_read(&perm->mode, &shm->shm_perm.mode) &&
	       probe_read(&s->file, &shm->shm_file) && probe_read(&s->attached, &shm->shm_nattch) &&
	       probe_read(&s->size, &shm->shm_segsz) && probe_read(&s->attach_time, &shm->shm_atim) &&
	       probe_read(&s->detach_time, &shm->shm_dtim) && probe_read(&s->change_time, &shm->shm_ctim) &&
	       probe_read(&s->creator, &shm->shm_cprid) && probe_read(&s->last_user, &shm->shm_lprid);
}

/* What shmat keeps behind the file of a mapping. */
struct file_data {
	__s32 id;
	__u32 domain;
};

static __always_inline bool file_data_read(__u64 address, struct file_data *to)
{
	struct shm_file_data *data = (void *)address;
	struct {
		__s64 id;
		__u64 ns;
	} both = {};

	if (cfg.no_probe_read)
		return false;
	if (is_at()) {
		data = at_address(struct shm_file_data, address);
		to->id = data->id;
		to->domain = data->ns->ns.inum;
		return true;
	}
	if (bpf_core_field_offset(data->ns) - bpf_core_field_offset(data->id) == sizeof(both.id)) {
		if (!probe_read(&both, &data->id))
			return false;
		to->id = both.id;
	} else if (!probe_read(&to->id, &data->id) || !probe_read(&both.ns, &data->ns)) {
		return false;
	}
	to->domain = sysv_own_namespace(both.ns) ? sysv_domain() : sysv_namespace_inode(both.ns);
	return both.ns;
}

/*
 * Where segments are that were found before, each of a namespace's first ones in a place of its own. What is found there
 * must still say that it is the one; what does not change is not read again. From shm_created to shm_destroyed: where these
 * cannot be hooked a place may be of a segment with the same id in a namespace that has gone and had the same inode number.
 */
#define SEGMENT_PLACES 256

struct segment_place {
	__u64 address;
	__u64 pages; /* where the number of its pages is */
	__u64 creator;
	__u64 check; /* that all was written for the same segment */
};

static struct segment_place segment_places[SEGMENT_PLACES];

static __always_inline volatile struct segment_place *segment_place(const struct ipc_object_id *obj)
{
	return &segment_places[(obj->id + obj->domain) & (SEGMENT_PLACES - 1)];
}

static __always_inline __u64 place_check(const struct ipc_object_id *obj, const struct segment_place *p)
{
	return (obj->id | (__u64)obj->domain << 32) ^ (p->address + p->pages * 3 + (p->creator << 32));
}

/* It is made or goes. */
static __always_inline void segment_forget(const struct ipc_object_id *obj)
{
	segment_place(obj)->check = 0;
}

/* pid_number(), most often of the current process. */
static __always_inline __u32 user_number(__u64 address)
{
	if (has_current_task_btf() && address == (__u64)bpf_get_current_task_btf()->signal->pids[PIDTYPE_TGID])
		return bpf_get_current_pid_tgid() >> 32;
	return pid_number(address);
}

static __always_inline __u64 pages_address(__u64 file_address)
{
	struct address_space *mapping = NULL;
	struct file *file = (void *)file_address;

	if (!cfg.no_probe_read && file)
		mapping = BPF_CORE_READ(file, f_inode, i_mapping);
	return mapping ? (__u64)&mapping->nrpages : 0;
}

/* Finds it in its namespace's table, and notes where. Its address, 0: it is not there. */
static __attribute__((noinline)) __u64 segment_find(const struct ipc_object_id *obj, __u64 data)
{
	__u64 ns = 0;

	if (!obj)
		return 0;
	if (!data)
		ns = sysv_namespace();
	else
		probe_read(&ns, &((struct shm_file_data *)data)->ns);
	return sysv_find(ns, SYSV_SHM, obj->id);
}

/* What does not change of a segment, and where the rest is. */
static __always_inline void place_of(struct segment_place *p, const struct segment *s)
{
	p->pages = pages_address(s->file);
	p->creator = pid_number(s->creator);
}

static __always_inline void place_note(const struct ipc_object_id *obj, const struct segment_place *p)
{
	volatile struct segment_place *place = segment_place(obj);

	place->address = p->address;
	place->pages = p->pages;
	place->creator = p->creator;
	place->check = place_check(obj, p);
}

/* Where it was found before; false: nowhere. */
static __always_inline bool place_known(const struct ipc_object_id *obj, struct segment_place *p)
{
	const volatile struct segment_place *place = segment_place(obj);

	p->address = place->address;
	p->pages = place->pages;
	p->creator = place->creator;
	return place->check == place_check(obj, p);
}

static __always_inline bool is_segment(const struct segment_perm *perm, const struct ipc_object_id *obj)
{
	return !perm->deleted && perm->id == (__u32)obj->id;
}

static __always_inline __u32 pages_read(__u64 address)
{
	__u64 pages;

	return address && probe_read(&pages, address) ? pages : IPC_STATE_ABSENT;
}

/* Through types; false: it is not there (any more). */
static __always_inline bool segment_words_at(struct shm_internals *w, __u64 address, const struct attachment *a)
{
	struct shmid_kernel *shm = at_address(struct shmid_kernel, address);

	if (shm->shm_perm.deleted || (__u32)shm->shm_perm.id != (__u32)a->obj.id)
		return false;
	w->nattch = shm->shm_nattch;
	w->size_low = shm->shm_segsz;
	w->size_high = shm->shm_segsz >> 32;
	w->creator = shm->shm_cprid->numbers[0].nr;
	w->last_user = shm->shm_lprid->numbers[0].nr;
	w->attach_time = shm->shm_atim;
	w->detach_time = shm->shm_dtim;
	w->change_time = shm->shm_ctim;
	w->key = shm->shm_perm.key;
	w->mode = shm->shm_perm.mode;
	w->pages = a->pages == PAGES_UNREAD ? shm->shm_file->f_inode->i_mapping->nrpages : a->pages;
	return true;
}

static __always_inline bool segment_words_of(struct shm_internals *w, struct segment_place *p, bool known,
					     const struct attachment *a)
{
	struct segment_perm perm = {};
	struct segment s = {};

	if (!p->address)
		return false;
	if (is_at() && known)
		return segment_words_at(w, p->address, a);
	if (!segment_read(p->address, &perm, &s) || !is_segment(&perm, &a->obj))
		return false;
	if (!known)
		place_of(p, &s);
	w->nattch = s.attached;
	w->size_low = s.size;
	w->size_high = s.size >> 32;
	w->creator = p->creator;
	w->last_user = user_number(s.last_user);
	w->attach_time = s.attach_time;
	w->detach_time = s.detach_time;
	w->change_time = s.change_time;
	w->key = perm.key;
	w->mode = perm.mode;
	w->pages = a->pages == PAGES_UNREAD ? pages_read(p->pages) : a->pages;
	return true;
}

/*
 * The segment as it is now, in words with their stamp. address 0: looked up; who gives it asks no place and leaves none,
 * for where that comes from nobody may tell of the end. Returns 0: it is gone.
 */
static __attribute__((noinline)) int segment_state(__u32 *words, const struct attachment *a, __u64 address)
{
	struct segment_place p;
	__u64 order;

	if (!words || !a)
		return 0;
	order = state_order(a->obj.id); /* before it is read, and noted with what was */
	if (address || !place_known(&a->obj, &p) || !segment_words_of((void *)words, &p, true, a)) {
		p.address = address ?: segment_find(&a->obj, a->data);
		if (!segment_words_of((void *)words, &p, false, a))
			return 0;
		if (!address)
			place_note(&a->obj, &p);
	}
	stamp_state_finely(words, order);
	return 1;
}

#endif
