/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a profile begins and ends at: an instruction of x86-64 that does nothing, and that no compiler makes (blocks.c). */
#ifndef MARK_H
#define MARK_H

#define MARK_BEGIN 0x01
#define MARK_END 0x02
#define MARK(which) 0x0f, 0x1f, 0x80, which, 0x70, 0x63, 0x6b /* nopl 0x6b6370..(%rax) */

#if defined(__x86_64__)
#define MARK_HERE(which) __asm__ volatile(".byte 0x0f, 0x1f, 0x80, %c0, 0x70, 0x63, 0x6b" : : "i"(which))
#else
#define MARK_HERE(which) (void)(which)
#endif

#endif
