/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* libbpf's bpf_core_read.h with additions of newer releases; see bpf_helpers.h in this folder. */
#include "bpf_helpers.h"
#include_next <bpf/bpf_core_read.h>

#ifndef BEE_BPF_CORE_READ_H
#define BEE_BPF_CORE_READ_H

/* Casts a pointer to a kernel type, whose fields can then be read without a helper (Linux 6.2). */
#ifndef bpf_core_cast
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __attribute__((section(".ksyms"), weak));
#define bpf_core_cast(pointer, type) ((typeof(type) *)bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(type)))
#endif

#endif
