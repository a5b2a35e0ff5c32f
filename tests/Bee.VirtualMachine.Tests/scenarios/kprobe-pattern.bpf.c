// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// As kprobe.multi, by a link a function: for kernels that have nothing else.
#include "bee.h"

BEE_LICENSE("GPL");

BEE_HASH(counter_calls, u64, u64, 64);

SEC("kprobe/vfs_*dir")
int called(struct pt_regs *ctx)
{
	u64 function = bpf_get_func_ip(ctx);

	bee_count(&counter_calls, &function);
	return 0;
}
