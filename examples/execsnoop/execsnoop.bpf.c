// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// execsnoop: which programs get started, by whom, with which arguments?
//
// The tracepoint fires when the new program is in place: comm and the memory are already the new one's.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process and its direct children; 0 is all. A shell starts its commands in children.
BEE_PARAM(pid_t, target_pid, 0);

#define ARGS_SIZE 256

struct started {
	ktime at;
	pid_t pid;
	pid_t parent_pid;
	uid_t uid;
	char comm[16];
	char args[ARGS_SIZE];	// one text; cut where it is longer
};

BEE_RING(print_starts, struct started, 1 << 20);

// The kernel keeps the arguments behind each other, a NUL after each: "ls\0-l\0". As text they want spaces.
static __always_inline void read_args(struct started *event, struct task_struct *task)
{
	u64 start = BPF_CORE_READ(task, mm, arg_start);
	u64 size = BPF_CORE_READ(task, mm, arg_end) - start;

	if (size > ARGS_SIZE - 1)
		size = ARGS_SIZE - 1;
	// The kernel's room is not zero, and what is not read must not be sent.
	__builtin_memset(event->args, 0, sizeof(event->args));
	// The mask tells the verifier what the if has told us: size is in bounds.
	if (bpf_probe_read_user(event->args, size & (ARGS_SIZE - 1), (void *)start))
		return;
	// Kept a loop: unrolled it would be a thousand instructions. Kernels have taken bounded loops since 5.3.
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < ARGS_SIZE - 1; i++) {
		// The last byte read is the last argument's own NUL, or the cut.
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

	if (!bee_targeted_child(target_pid))
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
