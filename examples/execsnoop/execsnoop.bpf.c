// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// execsnoop: which programs are started, by which process, and with which arguments?
//
// The tracepoint fires after the new program was loaded: comm and the memory are already those of the new program.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process and its direct children; 0 for all. A shell starts its commands as children.
BEE_PARAM(pid_t, target_pid, 0);

#define ARGS_SIZE 256

struct started {
	ktime at;
	pid_t pid;
	pid_t parent_pid;
	uid_t uid;
	char comm[16];
	char args[ARGS_SIZE];	// joined by spaces, truncated if longer
};

BEE_RING(print_starts, struct started, 1 << 20);

// The kernel stores the arguments one after the other, each ending with NUL: "ls\0-l\0". As text they need spaces instead.
static __always_inline void read_args(struct started *event, struct task_struct *task)
{
	u64 start = BPF_CORE_READ(task, mm, arg_start);
	u64 size = BPF_CORE_READ(task, mm, arg_end) - start;

	if (size > ARGS_SIZE - 1)
		size = ARGS_SIZE - 1;
	// The reserved space is not zeroed, and bytes that were not written must not be sent.
	__builtin_memset(event->args, 0, sizeof(event->args));
	// The mask shows the verifier what the condition above ensures: size is in bounds.
	if (bpf_probe_read_user(event->args, size & (ARGS_SIZE - 1), (void *)start))
		return;
	// Not unrolled, which would be a thousand instructions. Kernels accept bounded loops since 5.3.
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < ARGS_SIZE - 1; i++) {
		// The last byte is the NUL of the last argument, or the place where it was truncated.
		if (i + 1 >= size)
			break;
		if (!event->args[i])
			event->args[i] = ' ';
	}
}

SEC("tracepoint/sched/sched_process_exec")
int process_exec(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct started *event;

	if (!bee_targeted_child(target_pid) || !bee_targeted_here())
		return 0;
	event = bee_reserve(print_starts, struct started);
	if (!event)
		return 0;
	event->at = bpf_ktime_get_ns();
	event->pid = bee_pid();
	event->parent_pid = bee_parent_pid();
	event->uid = bee_uid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	read_args(event, task);
	bee_submit(event);
	return 0;
}
