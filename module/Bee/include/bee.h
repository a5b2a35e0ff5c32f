/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * bee.h: what a Bee program starts with. It brings the kernel's types and libbpf's helpers, and adds
 *
 *   types      typedefs that say what a number means, so that it is shown as one: an address, a duration, a port
 *   parameters BEE_PARAM, set from outside before the program is loaded
 *   constants  the kernel's macros for protocols, errors, signals and files (bee_protocols.h, bee_system.h)
 *   help       BEE_DESCRIBE, a sentence for people about what stands behind it
 *   maps       BEE_RING, BEE_HASH and so on, one line a map
 *   histograms BEE_HISTOGRAM and bee_observe_log2: counted in the kernel
 *   events     bee_reserve, bee_submit, bee_output: as the kernel's helpers, but what a full ring refuses is counted
 *   filters    bee_pid, bee_targeted, bee_targeted_child
 *
 * Kernel 5.8 or later, clang 12 or later.
 */
#ifndef BEE_H
#define BEE_H

/* A source that builds on the stable headers (linux/bpf.h) instead cannot have vmlinux.h too. */
#if !defined(__VMLINUX_H__) && !defined(_UAPI__LINUX_BPF_H__) && !defined(__LINUX_BPF_H__)
#include "vmlinux.h"
#endif
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

/*
 * A sentence for people about the declaration that follows: a parameter, a map, a field of an event or entry, a program. It travels
 * in the object file, so that listings and help show it. What a bee.yaml says comes before it. clang 14 or later; older ones leave it out.
 *
 *	BEE_DESCRIBE("Only this process; 0 is all.")
 *	BEE_PARAM(pid_t, target_pid, 0);
 */
#if defined(__has_attribute) && __has_attribute(btf_decl_tag)
#define BEE_DESCRIBE(text) __attribute__((btf_decl_tag("bee.describe:" text)))
#else
#define BEE_DESCRIBE(text)
#endif

#ifdef __VMLINUX_H__	/* the stable headers have these numbers themselves */
#include "bee_protocols.h"
#include "bee_system.h"
#endif
#include "bee_types.h"
#include "bee_maps.h"
#include "bee_events.h"
#include "bee_histogram.h"
#include "bee_filter.h"

/*
 * A value that is set from outside: Invoke-BeeProgram -Parameter @{ name = value }.
 * The verifier sees it as a constant, so code behind a filter that is off costs nothing.
 */
#define BEE_PARAM(c_type, name, default_value) const volatile c_type name = default_value

/*
 * The kernel lends most of its helpers only to programs under a license that it knows as compatible with its own:
 * "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL".
 */
#define BEE_LICENSE(text) char bee_license[] SEC("license") = text

#endif
