/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * libbpf's bpf_helpers.h with additions of newer releases. Each name is defined only if the installed libbpf does not define it,
  * with libbpf's meaning. Sources get it without a change.
 */
#include_next <bpf/bpf_helpers.h>

#ifndef BEE_BPF_HELPERS_H
#define BEE_BPF_HELPERS_H

#ifndef likely
#define likely(condition) __builtin_expect(!!(condition), 1)
#endif
#ifndef unlikely
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#endif

/* A 64-bit property of a map, such as map_extra. An enum, because an array cannot have 2^44 elements. */
#ifndef __ulong
#define BEE_CONCAT_(left, right) left##right
#define BEE_CONCAT(left, right) BEE_CONCAT_(left, right)
#define __ulong(name, value) enum { BEE_CONCAT(bee_unique_, __COUNTER__) = value } name
#endif

#ifndef __kptr_untrusted
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#endif
#ifndef __percpu_kptr
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#endif
#ifndef __uptr
#define __uptr __attribute__((btf_type_tag("uptr")))
#endif

#ifndef __arg_ctx
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#endif
#ifndef __arg_nonnull
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#endif
#ifndef __arg_nullable
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#endif
#ifndef __arg_trusted
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#endif
#ifndef __arg_untrusted
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#endif
#ifndef __arg_arena
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))
#endif

/* Returns whether the kernel has a symbol that is declared __ksym __weak. Without __weak, loading fails if the symbol is missing. */
#ifndef bpf_ksym_exists
#define bpf_ksym_exists(symbol) ({							\
	_Static_assert(!__builtin_constant_p(!!(symbol)), #symbol " has to be __weak");	\
	!!(symbol);									\
})
#endif

/*
 * Loops that the verifier walks through only once, whatever their count (Linux 6.4): over a range of numbers, N times, and over a kernel
  * iterator. The iterator lives as long as the loop: cleanup destroys it on break, goto and return too. clang omits a function from
  * the BTF if only cleanup refers to it, so each loop refers to it once more.
 */
#ifndef bpf_for
struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

#define BEE_ITERATOR_(kind, ...)								\
	struct bpf_iter_##kind bee_it __attribute__((aligned(8), cleanup(bpf_iter_##kind##_destroy))),	\
	*bee_once __attribute__((unused)) = (bpf_iter_##kind##_new(&bee_it, ##__VA_ARGS__),	\
		(void)bpf_iter_##kind##_destroy, (void *)0)

#define bpf_for(i, start, end)									\
	for (BEE_ITERATOR_(num, (start), (end)); ({						\
		int *bee_next = bpf_iter_num_next(&bee_it);					\
		/* The comparison gives the verifier the range. */				\
		bee_next && ((i) = *bee_next, (i) >= (start) && (i) < (end));			\
	});)
#endif
#ifndef bpf_for_each
#define bpf_for_each(kind, item, ...)								\
	for (BEE_ITERATOR_(kind, ##__VA_ARGS__); ((item) = bpf_iter_##kind##_next(&bee_it));)
#endif
#ifndef bpf_repeat
#define bpf_repeat(count)									\
	for (BEE_ITERATOR_(num, 0, (count)); bpf_iter_num_next(&bee_it);)
#endif

/* Return values of tcx programs, which linux/bpf.h defines since Linux 6.6. vmlinux.h defines its own. */
#if !defined(__VMLINUX_H__) && (defined(_UAPI__LINUX_BPF_H__) || defined(__LINUX_BPF_H__))
#define TCX_NEXT (-1)
#define TCX_PASS 0
#define TCX_DROP 2
#define TCX_REDIRECT 7
#endif

#endif
