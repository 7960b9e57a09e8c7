// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/call_name.h"

#include <asm/unistd.h>
#include <stddef.h>

static const struct {
	int nr;
	const char *name;
} calls[] = {
#define CALL(name) { __NR_##name, #name }
	CALL(wait4), CALL(waitid), CALL(nanosleep), CALL(clock_nanosleep), CALL(ppoll), CALL(pselect6), CALL(epoll_pwait),
	CALL(epoll_pwait2), CALL(io_getevents), CALL(io_uring_enter), CALL(rt_sigsuspend), CALL(rt_sigtimedwait),
	CALL(futex), CALL(read), CALL(readv), CALL(pread64), CALL(write), CALL(writev), CALL(pwrite64), CALL(openat),
	CALL(close), CALL(fsync), CALL(fdatasync), CALL(sync), CALL(connect), CALL(accept), CALL(accept4), CALL(recvfrom),
	CALL(recvmsg), CALL(sendto), CALL(sendmsg), CALL(execve), CALL(exit), CALL(exit_group), CALL(flock), CALL(fcntl),
	CALL(semop), CALL(semtimedop), CALL(msgrcv), CALL(msgsnd), CALL(mq_timedreceive), CALL(mq_timedsend), CALL(splice),
	CALL(clone), CALL(clone3), CALL(mmap), CALL(munmap), CALL(ptrace), CALL(restart_syscall), CALL(sendfile),
	CALL(getdents64), CALL(newfstatat), CALL(statx), CALL(unlinkat), CALL(renameat2), CALL(mkdirat), CALL(ftruncate),
#ifdef __NR_poll /* older architectures have both */
	CALL(poll), CALL(select), CALL(epoll_wait), CALL(pause), CALL(vfork), CALL(fork), CALL(open),
#endif
};

const char *call_name(int nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == nr)
			return calls[i].name;
	return NULL;
}
