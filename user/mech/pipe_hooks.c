// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which kernel functions and system calls move bytes through a pipe; programs in bpf/pipe*.bpf.[ch]. */
#include <asm/unistd.h>

#include "mech/pipe_hooks.h"
#include "syscall.h"

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

/* Exit hooks first: an operation without its beginning is still counted. */
const struct mech_hook pipe_hooks[] = {
	{"pipe_write_exit", "pipe_write|anon_pipe_write", .op = OP_SEND},
	{"pipe_read_exit", "pipe_read|anon_pipe_read", .op = OP_RECV},
	{"pipe_release_exit", "pipe_release", PROFILE_ANY, .op = OP_CLOSE},
	{"fifo_open_exit", "fifo_open", PROFILE_ANY, .op = OP_OPEN, .tells = UNSEEN_CREATION},
	{"splice_exit", "do_splice", .op = OP_RECV, .optional = true, .without = "bytes moved by splice"},
	{"tee_exit", "do_tee", .op = OP_SEND, .optional = true, .without = "bytes moved by tee"},
	{"pipe_write_entry", "pipe_write|anon_pipe_write", ENTRY, .op = -1, .begins = BEGINS(OP_SEND)},
	{"pipe_read_entry", "pipe_read|anon_pipe_read", ENTRY, .op = -1, .begins = BEGINS(OP_RECV)},
	{"pipe_release_entry", "pipe_release", PROFILE_ANY, .op = -1, .begins = BEGINS(OP_CLOSE), .tells = UNSEEN_DESTRUCTION},
	{"fifo_open_entry", "fifo_open", PROFILE_ANY, .op = -1, .begins = BEGINS(OP_OPEN)},
	{"pipe_free", "free_pipe_info", PROFILE_ANY, .op = -1, .tells = UNSEEN_DESTRUCTION},
	{"splice_entry", "do_splice", ENTRY, .op = -1, .begins = BEGINS(OP_RECV), .optional = true, .without = "waits in splice"},
	{"tee_entry", "do_tee", ENTRY, .op = -1, .begins = BEGINS(OP_SEND), .optional = true, .without = "waits in tee"},
	{"splice_wait_readable", "pipe_wait_readable", PROFILE_WAITS, .op = -1, .optional = true,
	 .without = "which of two pipes a splice waits for"},
	{"splice_wait_writable", "pipe_wait_writable", PROFILE_WAITS, .op = -1, .optional = true,
	 .without = "which of two pipes a splice waits for"},
	{"pipe_create", "stream_open", PROFILE_ANY, .op = OP_OPEN, .optional = true, .without = "pipes that nobody uses"},
	{"pipe_fcntl_exit", "pipe_fcntl", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "fcntl"},
	{"pipe_fcntl_entry", "pipe_fcntl", ENTRY, .op = -1, .optional = true, .without = "waits in fcntl"},
	{"pipe_resize_exit", "pipe_resize_ring", ENTRY, .op = -1, .optional = true,
	 .without = "new slots and merged writes of a pipe that was resized"},
	{"pipe_resize_entry", "pipe_resize_ring", ENTRY, .op = -1, .optional = true,
	 .without = "new slots and merged writes of a pipe that was resized"},
	{"pipe_ioctl_exit", "pipe_ioctl", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "ioctl"},
	{"vmsplice_entry", "__x64_sys_vmsplice|__arm64_sys_vmsplice", .op = -1, .begins = BEGINS(OP_SEND), .optional = true,
	 .without = "bytes moved by vmsplice"},
	{"vmsplice_exit", "__x64_sys_vmsplice|__arm64_sys_vmsplice", .op = OP_SEND, .optional = true,
	 .without = "bytes moved by vmsplice"},
	{"sendfile_entry", "do_sendfile", .op = -1, .begins = BEGINS(OP_SEND), .optional = true, .without = "bytes moved by sendfile"},
	{"sendfile_exit", "do_sendfile", .op = OP_SEND, .optional = true, .without = "bytes moved by sendfile"},
	{"pipe_found", "get_pipe_info", .op = -1, .optional = true, .without = "bytes moved by vmsplice and sendfile"},
	{"pipe_buf_release", "anon_pipe_buf_release", PROFILE_DETAIL, .op = -1, .optional = true,
	 .without = "pages reused"},
	{"pipe_trim_entry", "anon_pipe_trim_and_unlock", PROFILE_DETAIL, .op = -1, .optional = true},
	{"pipe_trim_exit", "anon_pipe_trim_and_unlock", PROFILE_DETAIL, .op = -1, .optional = true},
	{"fifo_name", "security_file_open", PROFILE_ANY, .op = -1, .optional = true, .without = "paths of FIFOs"},
	{.program = NULL},
};

#define CALL(call) #call, __NR_##call
#define NO_CMD .cmd_arg = -1
#define ONE_FD .fd2_arg = -1

const struct mech_syscall pipe_syscalls[] = {
	{CALL(write), SYSCALL_FD, OP_SEND, 0, ONE_FD, 2, NO_CMD},
	{CALL(read), SYSCALL_FD, OP_RECV, 0, ONE_FD, 2, NO_CMD},
	{CALL(writev), SYSCALL_FD, OP_SEND, 0, ONE_FD, -1, NO_CMD},
	{CALL(readv), SYSCALL_FD, OP_RECV, 0, ONE_FD, -1, NO_CMD},
	{CALL(pwritev2), SYSCALL_FD, OP_SEND, 0, ONE_FD, -1, NO_CMD},
	{CALL(preadv2), SYSCALL_FD, OP_RECV, 0, ONE_FD, -1, NO_CMD},
	{CALL(splice), SYSCALL_SPLICE, OP_RECV, 0, 2, 4, NO_CMD},
	{CALL(tee), SYSCALL_TEE, OP_RECV, 0, 1, 2, NO_CMD},
	{CALL(vmsplice), SYSCALL_BY_MODE, OP_SEND, 0, ONE_FD, -1, NO_CMD},
	{CALL(sendfile), SYSCALL_SENDFILE, OP_SEND, 0, ONE_FD, 3, NO_CMD},
	{CALL(fcntl), SYSCALL_FD, OP_CTL, 0, ONE_FD, -1, 1, {1031 /* F_SETPIPE_SZ */, 1032 /* F_GETPIPE_SZ */}, .resizes = true},
	{CALL(ioctl), SYSCALL_FD, OP_CTL, 0, ONE_FD, -1, 1, {0x541B /* FIONREAD */}},
	{CALL(pipe2), SYSCALL_PAIR, OP_OPEN, 0, ONE_FD, -1, NO_CMD},
	{CALL(openat), SYSCALL_OPEN, OP_OPEN, 1, ONE_FD, -1, NO_CMD},
	{CALL(openat2), SYSCALL_OPEN, OP_OPEN, 1, ONE_FD, -1, NO_CMD},
#ifdef __NR_pipe /* newer architectures have only the calls above */
	{CALL(pipe), SYSCALL_PAIR, OP_OPEN, 0, ONE_FD, -1, NO_CMD},
	{CALL(open), SYSCALL_OPEN, OP_OPEN, 0, ONE_FD, -1, NO_CMD},
	{CALL(creat), SYSCALL_OPEN, OP_OPEN, 0, ONE_FD, -1, NO_CMD},
#endif
	MECH_SYSCALLS_END,
};
