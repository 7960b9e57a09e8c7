/*
 * The kernel's types for the BPF side, by the architecture that is built for. Which kernel they are
 * taken from does not matter: libbpf relocates every access to the running one.
 */
#ifndef IPCTRACE_VMLINUX_H
#define IPCTRACE_VMLINUX_H

#if defined(__TARGET_ARCH_x86)
#include "x86/vmlinux.h"
#elif defined(__TARGET_ARCH_arm64)
#error "no vmlinux/arm64/vmlinux.h yet: make it from an arm64 kernel's BTF, as tools/vmlinux does for x86"
#else
#error "define __TARGET_ARCH_x86: there is a vmlinux.h for x86 only"
#endif

#endif
