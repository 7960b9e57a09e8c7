/*
 * The kernel's types for the BPF side, by the architecture that is built for. Which kernel they are
 * taken from does not matter: libbpf relocates every access to the running one.
 */
#ifndef IPCTRACE_VMLINUX_H
#define IPCTRACE_VMLINUX_H

#if defined(__TARGET_ARCH_x86)
#include "x86/vmlinux.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arm64/vmlinux.h"
#else
#error "define __TARGET_ARCH_x86 or __TARGET_ARCH_arm64: there is no vmlinux.h for another"
#endif

#endif
