// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// syscount: which programs make which system calls, and how many?
//
// System calls can come a million times a second. So no event is sent for each: the kernel counts, in a hash map, and
// Bee reads the map once in a while.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process; 0 is all.
BEE_PARAM(pid_t, target_pid, 0);

// Keys are compared byte by byte, padding too, so a key must be zero in every byte that is no field. This one has none to spare.
struct called {
	syscall_nr call;	// shown by its name
	char comm[16];
};

// counter_ makes Bee stream the entries, and a metric that only goes up.
BEE_HASH(counter_calls, struct called, u64, 16384);

// raw_tp is the cheapest way in: no record is prepared, the arguments are the kernel's own.
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
