// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// cpustack: what do the CPUs do?
//
// As cpusample, a clock interrupts every CPU some times a second; here the program notes not only who was running but where:
// the functions of the process and of the kernel that were under way. Counted in the kernel, so only what differs is read.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process; 0 is all. -ProcessId narrows the clock itself, so that others are not even interrupted.
BEE_PARAM(pid_t, target_pid, 0);

// The stacks themselves, each once, by a number that the kernel makes of it.
BEE_STACKS(stacks, 16384);

struct running {
	pid_t pid;			// Bee finds the names of user_stack in what this process has mapped
	char comm[16];
	user_stack_id user_stack;
	kernel_stack_id kernel_stack;	// -14, EFAULT, where the process was not in the kernel
};

BEE_LRU_HASH(counter_stacks, struct running, u64, 16384);

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	struct running key = { .pid = bee_pid() };

	// 0 is the idle task: nobody uses the CPU.
	if (!key.pid || !bee_targeted(target_pid))
		return 0;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	key.user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	key.kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
	bee_count(&counter_stacks, &key);
	return 0;
}
