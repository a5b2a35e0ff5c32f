// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Which of the functions that make and delete things get called?
#include "bee.h"

BEE_LICENSE("GPL");

BEE_HASH(counter_calls, u64, u64, 64);

SEC("kprobe.multi/vfs_*dir")
int called(struct pt_regs *ctx)
{
	u64 function = bpf_get_func_ip(ctx);

	bee_count(&counter_calls, &function);
	return 0;
}
