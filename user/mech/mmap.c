// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Shared mappings: mmap(2) with MAP_SHARED; programs in bpf/mmap*.bpf.[ch]. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "inode.h"
#include "mech.h"
#include "model/model.h"
#include "syscall.h"

/* struct mmap_internals of bpf/mmap.bpf.h */
enum mmap_word {
	MMAP_MAPPINGS = 0,
	MMAP_SIZE_LOW = 2,
	MMAP_SIZE_HIGH = 3,
	MMAP_PAGES = 4,
};

/* enum mmap_counter of bpf/mmap.bpf.h */
enum mmap_counter {
	MMAP_INHERITED = 0,
	MMAP_MINOR = 1,
	MMAP_MAJOR = 2,
	MMAP_BEYOND = 3,
	MMAP_WRITES = 4,
};

static const struct mech_field fields[] = {
	{ "mappings", "shared mappings now, of all processes", NULL },
	{ "writable", "of them, those of a file opened for writing: they can write, or be made to by mprotect", NULL },
	{ "size_low", "bytes of the file, modulo 2^32", NULL },
	{ "size_high", "bytes of the file, in units of 2^32", NULL },
	{ "pages", "in memory", NULL },
	{ "links", "names of the file; 0: removed, or it never had one", NULL },
	{ NULL, NULL, NULL },
};

static bool counter(const struct object *o, unsigned i, enum span span, double *value)
{
	uint64_t count;
	bool known = (o->can->profile & PROFILE_WAITS) && object_counter(o, i, span, &count);

	*value = known ? count : 0;
	return known;
}

static bool inherited(const struct object *o, enum span span, double *value)
{
	return counter(o, MMAP_INHERITED, span, value);
}

static bool minor_faults(const struct object *o, enum span span, double *value)
{
	return counter(o, MMAP_MINOR, span, value);
}

static bool major_faults(const struct object *o, enum span span, double *value)
{
	return counter(o, MMAP_MAJOR, span, value);
}

static bool bus_errors(const struct object *o, enum span span, double *value)
{
	return counter(o, MMAP_BEYOND, span, value);
}

static bool mapped_to_write(const struct object *o, enum span span, double *value)
{
	uint64_t count;
	bool known = object_counter(o, MMAP_WRITES, span, &count);

	*value = count;
	return known;
}

static uint64_t mapped(const struct object *o, enum span span)
{
	struct side side;

	object_side(o, OP_OPEN, span, &side);
	return side.ops - side.failed;
}

/* What was there at the start, and what came by mmap and fork. */
static bool mappings_ever(const struct object *o, enum span span, double *value)
{
	const uint32_t *base = object_base_state(o, SPAN_TOTAL);
	double heirs;

	if (span != SPAN_TOTAL || !base || !inherited(o, span, &heirs) || !object_exact(o))
		return false;
	*value = base[MMAP_MAPPINGS] + mapped(o, span) + heirs;
	return true;
}

static bool splits(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o);
	struct side gone;
	double ever;

	if (!now || !mappings_ever(o, span, &ever))
		return false;
	object_side(o, OP_CLOSE, span, &gone);
	*value = now[MMAP_MAPPINGS] + (double)gone.ops - ever;
	return true;
}

static bool processes(const struct object *o, enum span span, double *value)
{
	(void)span;
	*value = 0;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		*value += e->process->key.tgid != 0;
	return o->can->backend == BACKEND_FUNCTION && object_exact(o);
}

static const struct mech_derived derived[] = {
	{ "mappings_ever", "mappings that were there at the start, made by mmap, or inherited", mappings_ever },
	{ "inherited", "mappings that a fork made", inherited },
	{ "splits", "mappings made of others (a split, a move), less those that were merged with others", splits },
	{ "mapped_to_write", "calls of mmap with PROT_WRITE", mapped_to_write },
	{ "processes", "processes that map it, or did since the start", processes },
	{ "minor_faults", "first touches, each process for itself, of what was in memory", minor_faults },
	{ "major_faults", "first touches that had to wait for the disk or for swap", major_faults },
	{ "bus_errors", "touches behind the end of the file, or of what could not be read", bus_errors },
	{ NULL, NULL, NULL },
};

static const struct mech_share shares[] = {
	{ "inherited", MMAP_INHERITED },
	{ "minor_faults", MMAP_MINOR },
	{ "major_faults", MMAP_MAJOR },
	{ "bus_errors", MMAP_BEYOND },
	{ NULL, 0 },
};

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

#define SYSCALL(name) "__x64_sys_" name "|__arm64_sys_" name
#define CALL(name)                                                                                                   \
	{ "mmap_" name "_exit", SYSCALL(name), PROFILE_ANY, .op = OP_CTL, .optional = true, .without = name },               \
	{ "mmap_" name "_entry", SYSCALL(name), PROFILE_ANY, .op = -1, .optional = true, .without = name }

/* A control operation is known from its entry only, so one that is missed there is not counted: as one that did not end. */
static const struct mech_hook hooks[] = {
	{ "mmap_exit", "vm_mmap_pgoff", .op = OP_OPEN },
	{ "mmap_entry", "vm_mmap_pgoff", ENTRY, .op = -1, .begins = BEGINS(OP_OPEN) },
	{ "mapping_unlinked_batch", "unlink_file_vma_batch_add", .op = OP_CLOSE, .optional = true },
	{ "mapping_unlinked", "unlink_file_vma", .op = OP_CLOSE, .optional = true },
	{ "mapping_enters", "vma_interval_tree_insert|mapping_rmap_tree_insert", PROFILE_ANY, .op = -1 },
	{ "mapping_leaves", "vma_interval_tree_remove|mapping_rmap_tree_remove", PROFILE_ANY, .op = -1 },
	{ "mapping_inherited", "vma_interval_tree_insert_after|mapping_rmap_tree_insert_after", PROFILE_ANY, .op = -1 },
	{ "memory_touched", "shmem_fault", PROFILE_ANY, .op = -1 },
	{ "file_touched", "filemap_fault", PROFILE_ANY, .op = -1 },
	{ "pages_mapped", "filemap_map_pages", PROFILE_ANY, .op = -1 },
	{ "mapped_file_gone", "evict", PROFILE_ANY, .op = -1, .optional = true, .without = "the end of files", .tells = UNSEEN_DESTRUCTION },
	CALL("msync"),
	CALL("mremap"),
	CALL("ftruncate"),
	{ "mmap_mprotect_exit", "do_mprotect_pkey", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "mprotect" },
	{ "mmap_mprotect_entry", "security_file_mprotect", PROFILE_ANY, .op = -1, .optional = true, .without = "mprotect" },
	{ "mmap_sys_exit", "sys_exit", .tracepoint = true, .only = BACKEND_SYSCALL, .op = -1 },
	{ "mmap_sys_enter", "sys_enter", ENTRY, .tracepoint = true, .only = BACKEND_SYSCALL, .op = -1 },
	{ .program = NULL },
};

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "mmap:[%u:%u:%llu]", id->domain >> 20, id->domain & 0xfffff, (unsigned long long)id->id);
}

/* "mmap:[MAJOR:MINOR:INODE]" or a path. -EINVAL: neither. */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long inode;
	unsigned int major, minor;
	struct inode_id found;
	struct stat st;
	int end = 0, err;

	if (sscanf(spec, "mmap:[%u:%u:%llu]%n", &major, &minor, &inode, &end) == 3 && end && !spec[end]) {
		*id = (struct ipc_object_id){ .id = inode, .domain = major << 20 | minor, .mech = MECH_MMAP };
		return 0;
	}
	err = inode_of_path(spec, &st, &found);
	if (err)
		return err;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*id = (struct ipc_object_id){ .id = found.inode, .domain = found.device, .mech = MECH_MMAP };
	return 0;
}

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o), *base = object_base_state(o, SPAN_TOTAL);
	bool gone = o->raw.flags & OBJECT_DESTROYED;

	if (!now)
		return;
	room->bytes = (uint64_t)now[MMAP_SIZE_HIGH] << 32 | now[MMAP_SIZE_LOW];
	room->used_slots = gone ? 0 : now[MMAP_MAPPINGS];
	room->used_bytes = gone ? 0 : (uint64_t)now[MMAP_PAGES] * o->model->config.page_size;
	if (o->can->backend != BACKEND_FUNCTION)
		return; /* forks come in between */
	room->max_slots = o->max_depth > now[MMAP_MAPPINGS] ? o->max_depth : now[MMAP_MAPPINGS];
	if (base && base[MMAP_MAPPINGS] > room->max_slots)
		room->max_slots = base[MMAP_MAPPINGS];
}

static const char *const blind[] = {
	"what is written and read: data passes through shared memory without any operation; pages touched again, and pages that "
	"a touch of a neighbour mapped; the first write to a page that was only read before",
	"what is done to a file before its first shared mapping, or by read, write, truncate by path, fallocate, madvise and mlock; "
	"private mappings, which others' writes show through",
	"mappings of devices, of perf's, BPF's and io_uring's rings; of System V segments, which shm has; faults of huge pages "
	"(hugetlbfs, DAX)",
	"a failed mmap without a file: it names nothing",
	"on overlayfs, where another file is mapped than the one opened: a failed mmap is told of the one opened, ftruncate is not "
	"seen, and -O does not find it by its path",
	"msync, mprotect, mremap and munmap of a range of several files: they count on the first; an mprotect that the file was "
	"not opened for, with the function backend",
	"which process a fork's mapping is for, until that process touches or unmaps it",
	"with the syscall backend: what goes with exec and exit, so how many mappings went; mappings by fork; faults; when a file "
	"goes; 32-bit processes",
	"under lockdown=confidentiality: memory without a file, names, states, msync, mremap and ftruncate; System V segments pass "
	"for files",
	NULL,
};

const struct mechanism mech_mmap = {
	.id = MECH_MMAP,
	.name = "mmap",
	.summary = "shared mappings: who maps a file or memory with others, who touches it first",
	.man = "Memory is shared by mapping the same file with MAP_SHARED: a file on a disk, a POSIX shared memory object (a file in "
	       "/dev/shm), a memfd, or none (MAP_ANONYMOUS), for which the kernel makes a file of its own that it calls "
	       "dev/zero. A file is an object from its first shared mapping on. Data passes without any operation, so sends "
	       "and receives are unknown; the first touch of a page by a process is a fault, and is counted: a minor one "
	       "when the page is in memory, a major one when it must be read first. A fault may map the page's neighbours too, "
	       "which then make none.\n\n"
	       "Mapping counts as open, each mapping that goes as close: by munmap, exec or exit, by another mapping in its "
	       "place, or when mremap moves it. msync, mremap, mprotect and ftruncate are control operations. The depth is the "
	       "number of shared mappings: one that is unmapped in its middle becomes two. A fork copies all mappings of its "
	       "parent. The capacity is the size of the file, the bytes inside those of its pages in memory. An endpoint that "
	       "sends has mapped it for writing. An object is created when it is first mapped and destroyed when the kernel gives "
	       "its memory back, or has forgotten a file that was removed.\n\n"
	       "The id is mmap:[MAJOR:MINOR:INODE], device and inode number of the file; the name is its path. -O also takes "
	       "the path.",
	.blind = blind,
	.object = "mmap",
	.hooks = hooks,
	.state_needs = PROFILE_ANY,
	.fields = fields,
	.derived = derived,
	.shares = shares,
	.depth = DEPTH_LEVEL,
	.causes = {
		[OP_OPEN] = CAUSE_LOCK,
		[OP_CLOSE] = CAUSE_LOCK,
		[OP_CTL] = CAUSE_LOCK,
	},
	.format_id = format_id,
	.parse_id = parse_id,
	.room = room,
	.newer = mech_stamped_later,
	.unseen = {
		[BACKEND_FUNCTION] = UNSEEN_DATA | UNSEEN_RESIDENCY,
		[BACKEND_SYSCALL] = UNSEEN_DATA | UNSEEN_RESIDENCY | UNSEEN_CLOSE | UNSEEN_DESTRUCTION |
				    UNSEEN_COUNTER(MMAP_INHERITED) | UNSEEN_COUNTER(MMAP_MINOR) |
				    UNSEEN_COUNTER(MMAP_MAJOR) | UNSEEN_COUNTER(MMAP_BEYOND),
	},
};
