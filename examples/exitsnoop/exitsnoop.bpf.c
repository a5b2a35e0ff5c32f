// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// exitsnoop: which processes end, how, and after how long?
//
// Everything is in the kernel's own description of the process, struct task_struct. Its layout differs between kernels;
// BPF_CORE_READ leaves the offsets open, and they are filled in from the running kernel's BTF when the program is loaded.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process and its direct children; 0 is all.
BEE_PARAM(pid_t, target_pid, 0);
// Only processes that a signal killed or that ended with another code than 0.
BEE_PARAM(bool, failed_only, false);

struct ended {
	ktime at;
	pid_t pid;
	pid_t parent_pid;
	duration lived;
	u32 exit_code;
	signal_nr signal;	// what killed it, or 0
	bool core_dumped;
	char comm[16];
};

BEE_RING(print_exits, struct ended, 1 << 20);

SEC("tracepoint/sched/sched_process_exit")
int process_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct ended *event;
	u32 status;

	if (!bee_targeted_child(target_pid))
		return 0;
	// The tracepoint fires for each thread. The process is over when no thread of it is alive.
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	// As wait() has it: the exit code in the second byte, the signal below it, and a bit for the core dump.
	status = BPF_CORE_READ(task, exit_code);
	if (failed_only && !status)
		return 0;
	event = bee_reserve(print_exits, struct ended);
	if (!event)
		return 0;
	event->at = bpf_ktime_get_ns();
	event->pid = bee_pid();
	event->parent_pid = bee_parent_pid();
	event->lived = event->at - BPF_CORE_READ(task, group_leader, start_time);
	event->exit_code = (status >> 8) & 0xff;
	event->signal = status & 0x7f;
	event->core_dumped = status & 0x80;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bee_submit(event);
	return 0;
}
