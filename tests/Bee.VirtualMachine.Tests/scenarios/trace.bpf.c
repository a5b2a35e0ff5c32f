// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Trace lines from two programs, one of them through a function, with each of the two helpers.
#include "bee.h"

BEE_LICENSE("GPL");

static __attribute__((noinline)) int say(int number)
{
	bpf_printk("from a function: %d", number);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_mkdir")
int entered(struct trace_event_raw_sys_enter *ctx)
{
	bpf_printk("mkdir");
	return say(1);
}

SEC("kprobe/do_mkdirat")
int probed(struct pt_regs *ctx)
{
	bpf_printk("%d %d %d %d", 1, 2, 3, 4);
	return 0;
}
