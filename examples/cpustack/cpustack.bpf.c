// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// cpustack: what do the CPUs do?
//
// As in cpusample, a timer interrupts every CPU at a fixed rate. This program also records the running code: the call stacks of
// the process and of the kernel. They are aggregated in the kernel, so only distinct stacks are read.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process; 0 for all. -ProcessId limits the timer itself, so that other processes are not even interrupted.
BEE_PARAM(pid_t, target_pid, 0);

// The stacks, each stored once under an id that the kernel computes.
BEE_STACKS(stacks, 16384);

struct running {
	pid_t pid;			// Bee symbolizes user_stack with the files that this process has mapped
	char comm[16];
	user_stack_id user_stack;
	kernel_stack_id kernel_stack;	// -14 (EFAULT) if the process was not in the kernel
};

BEE_LRU_HASH(counter_stacks, struct running, u64, 16384);

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	struct running key = { .pid = bee_pid() };

	// 0 is the idle task: the CPU is not used.
	if (!key.pid || !bee_targeted(target_pid))
		return 0;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	key.user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	key.kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
	bee_count(&counter_stacks, &key);
	return 0;
}
