/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * bee.h: the header for Bee programs. It includes the kernel's types and libbpf's helpers, and adds
 *
 *   types      typedefs that select how a number is shown: an address, a duration, a port
 *   parameters BEE_PARAM, a value that is set before the program is loaded
 *   constants  the kernel's macros for protocols, errors, signals and files (bee_protocols.h, bee_system.h)
 *   help       BEE_DESCRIBE, a description of the declaration that follows
 *   maps       BEE_RING, BEE_HASH and others: one line per map
 *   histograms BEE_HISTOGRAM and bee_observe_log2: aggregated in the kernel
 *   events     bee_reserve, bee_submit, bee_output: like the kernel's helpers, but events that a full ring loses are counted
 *   filters    bee_pid, bee_targeted, bee_targeted_child, bee_targeted_here
 *   places     bee_cgroup_id, bee_mntns_id: where a process runs, from which Bee finds its container
 *
 * Kernel 5.8 or later, clang 12 or later.
 */
#ifndef BEE_H
#define BEE_H

/* A source that includes the stable headers (linux/bpf.h) cannot include vmlinux.h too. */
#if !defined(__VMLINUX_H__) && !defined(_UAPI__LINUX_BPF_H__) && !defined(__LINUX_BPF_H__)
#include "vmlinux.h"
#endif
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

/*
 * A description of the declaration that follows: a parameter, a map, a field of an event or entry, or a program. It is stored in
  * the object file, and listings and help show it. A bee.yaml overrides it. Requires clang 14; older versions ignore it.
 *
 *	BEE_DESCRIBE("Only this process; 0 for all.")
 *	BEE_PARAM(pid_t, target_pid, 0);
 */
#if defined(__has_attribute) && __has_attribute(btf_decl_tag)
#define BEE_DESCRIBE(text) __attribute__((btf_decl_tag("bee.describe:" text)))
#else
#define BEE_DESCRIBE(text)
#endif

#ifdef __VMLINUX_H__	/* the stable headers define these numbers */
#include "bee_protocols.h"
#include "bee_system.h"
#endif
#include "bee_types.h"
#include "bee_maps.h"
#include "bee_events.h"
#include "bee_histogram.h"
#include "bee_filter.h"

/*
 * A parameter, set from outside: Invoke-BeeProgram -Parameter @{ name = value }.
  * The verifier treats it as a constant and removes code behind a filter that is off.
 */
#define BEE_PARAM(c_type, name, default_value) const volatile c_type name = default_value

/*
 * The kernel allows most helpers only in programs under a license that it recognizes as compatible with its own:
 * "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL".
 */
#define BEE_LICENSE(text) char bee_license[] SEC("license") = text

#endif
