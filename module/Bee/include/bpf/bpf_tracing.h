/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* libbpf's bpf_tracing.h with additions of newer releases; see bpf_helpers.h in this folder. */
#include "bpf_helpers.h"
#include_next <bpf/bpf_tracing.h>

#ifndef BEE_BPF_TRACING_H
#define BEE_BPF_TRACING_H

#ifndef BPF_UPROBE
#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)
#endif
#ifndef BPF_URETPROBE
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)
#endif

/* The arguments after the fifth, on architectures that pass them in registers. */
#if !defined(PT_REGS_PARM6) && defined(bpf_target_x86) && !defined(__i386__)
#define __PT_PARM6_REG r9
#elif !defined(PT_REGS_PARM6) && defined(bpf_target_arm64)
#define __PT_PARM6_REG regs[5]
#define __PT_PARM7_REG regs[6]
#define __PT_PARM8_REG regs[7]
#elif !defined(PT_REGS_PARM6) && defined(bpf_target_riscv)
#define __PT_PARM6_REG a5
#define __PT_PARM7_REG a6
#define __PT_PARM8_REG a7
#elif !defined(PT_REGS_PARM6) && defined(bpf_target_loongarch)
#define __PT_PARM6_REG regs[9]
#define __PT_PARM7_REG regs[10]
#define __PT_PARM8_REG regs[11]
#elif !defined(PT_REGS_PARM6) && defined(bpf_target_powerpc)
#define __PT_PARM6_REG gpr[8]
#define __PT_PARM7_REG gpr[9]
#define __PT_PARM8_REG gpr[10]
#endif
#if !defined(PT_REGS_PARM6) && defined(__PT_PARM6_REG)
#define PT_REGS_PARM6(x) (__PT_REGS_CAST(x)->__PT_PARM6_REG)
#define PT_REGS_PARM6_CORE(x) BPF_CORE_READ(__PT_REGS_CAST(x), __PT_PARM6_REG)
#define ___bpf_kprobe_args6(x, args...) ___bpf_kprobe_args5(args), (void *)PT_REGS_PARM6(ctx)
#endif
#if !defined(PT_REGS_PARM7) && defined(__PT_PARM7_REG)
#define PT_REGS_PARM7(x) (__PT_REGS_CAST(x)->__PT_PARM7_REG)
#define PT_REGS_PARM7_CORE(x) BPF_CORE_READ(__PT_REGS_CAST(x), __PT_PARM7_REG)
#define PT_REGS_PARM8(x) (__PT_REGS_CAST(x)->__PT_PARM8_REG)
#define PT_REGS_PARM8_CORE(x) BPF_CORE_READ(__PT_REGS_CAST(x), __PT_PARM8_REG)
#define ___bpf_kprobe_args7(x, args...) ___bpf_kprobe_args6(args), (void *)PT_REGS_PARM7(ctx)
#define ___bpf_kprobe_args8(x, args...) ___bpf_kprobe_args7(args), (void *)PT_REGS_PARM8(ctx)
#endif

/* A system call's sixth argument. On x86, system calls use the same registers as functions, except for the fourth argument. */
#if !defined(PT_REGS_PARM6_SYSCALL) && defined(PT_REGS_PARM6)
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_CORE(x)
#define ___bpf_syscall_args6(x, args...) ___bpf_syscall_args5(args), (void *)PT_REGS_PARM6_SYSCALL(regs)
#define ___bpf_syswrap_args6(x, args...) ___bpf_syswrap_args5(args), (void *)PT_REGS_PARM6_CORE_SYSCALL(regs)
#endif

#endif
