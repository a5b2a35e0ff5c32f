// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// syscount: which programs make which system calls, and how many?
//
// System calls can occur a million times per second, so no event is sent for each. The kernel counts in a hash map, and
// Bee reads the map at each interval.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process; 0 for all.
BEE_PARAM(pid_t, target_pid, 0);

// Keys are compared byte by byte, so padding must be zero. This struct has no padding.
struct called {
	syscall_nr call;	// shown by name
	char comm[16];
};

// Bee streams a map whose name begins with counter_, and serves it as a metric that only grows.
BEE_HASH(counter_calls, struct called, u64, 16384);

// raw_tp is the cheapest hook: the kernel prepares no record, and the program gets the kernel's own arguments.
SEC("raw_tp/sys_enter")
int syscall_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct called key = { .call = ctx->args[1] };

	if (!bee_targeted(target_pid))
		return 0;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	bee_count(&counter_calls, &key);
	return 0;
}
