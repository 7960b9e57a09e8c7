/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this kernel and these privileges allow. Probed by feature, once.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/btf.h>

enum lockdown {
	LOCKDOWN_UNKNOWN = 0, /* securityfs is not mounted, or no such LSM: assume none */
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY,
};

struct kernel {
	char release[65];
	char machine[65];
	struct btf *btf;	  /* of vmlinux; NULL: none, see btf_error */
	int btf_error;		  /* errno */
	enum lockdown lockdown;
	bool cap_bpf;		  /* effective, or CAP_SYS_ADMIN */
	bool cap_perfmon;
	bool cap_syslog;	  /* reads kernel addresses */
	bool cap_ptrace;	  /* looks at other users' descriptors */
	uint32_t pid_max;
	uint32_t cpus;		  /* above the number of every possible one */
	uint32_t page_shift;
	bool switch_has_state;	  /* sched_switch passes prev_state (5.18) */
	bool has_rdonly_cast;	  /* a function for programs (6.2) */
	bool keeps_pointers;	  /* maps may have pointers of a type, as they were spelled from 5.19 to 6.1 */
	uint64_t wake_function;	  /* autoremove_wake_function; 0: not readable */
	uint64_t plain_wake_function; /* default_wake_function */
	uint64_t datagram_wake_function; /* receiver_wake_function; the same */
	uint64_t woken_wake_function; /* woken_wake_function */
	uint32_t pipefs_device;	  /* kernel encoding */
};

/* Fills k; never fails: what could not be found out is said in its members. */
void kernel_probe(struct kernel *k);
void kernel_free(struct kernel *k);

/* Gives back the memory of the types (15 MB), which only loading and attaching need: kernel_function() and kernel_member() find nothing after it. */
void kernel_forget_types(struct kernel *k);

/* First of '|'-separated function names that the kernel's BTF has; into buf. false: none. */
bool kernel_function(const struct kernel *k, const char *names, char *buf, uint32_t size);

/*
 * Byte offset and size of "struct.member[.member]" in the kernel's BTF, first
 * alternative of '|' that exists. pointers: > 0 when it is an array of so many
 * pointers, or one pointer. Returns 0, -ENOENT.
 */
int kernel_member(const struct kernel *k, const char *path, uint32_t *offset, uint32_t *size, uint32_t *pointers);

/* Address of a kernel symbol, 0 when it is hidden or absent. */
uint64_t kernel_symbol(const char *name);

/* The same for several, in one reading. */
void kernel_symbols(const char *const *names, uint64_t *addresses, unsigned cnt);

/* Name of the symbol at exactly this address into buf, or false. Caches what it read. */
bool kernel_symbol_at(uint64_t address, char *buf, uint32_t size);

/*
 * The functions of the kernel in the order of their addresses, for kernel_function_around(); some 15 MB, once.
 * While CAP_SYSLOG is there. Returns 0, -ENOENT: addresses are hidden.
 */
int kernel_read_functions(void);

/* Name of the function that this address lies in; false: none is known. */
bool kernel_function_around(uint64_t address, char *buf, uint32_t size);

const char *lockdown_name(enum lockdown lockdown);

/* The first missing capability that every backend needs, or NULL: "CAP_BPF", "CAP_PERFMON". */
const char *kernel_missing_capability(const struct kernel *k);

#endif
