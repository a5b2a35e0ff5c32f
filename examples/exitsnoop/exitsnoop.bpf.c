// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// exitsnoop: which processes exit, how, and after how long?
//
// All data comes from the kernel's descriptor of the process, struct task_struct. Its layout differs between kernels:
// BPF_CORE_READ records relocations, and the loader fills in the offsets from the running kernel's BTF.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process and its direct children; 0 for all.
BEE_PARAM(pid_t, target_pid, 0);
// Only processes that were killed by a signal or exited with a code other than 0.
BEE_PARAM(bool, failed_only, false);

struct ended {
	ktime at;
	pid_t pid;
	pid_t parent_pid;
	duration lived;
	u32 exit_code;
	signal_nr signal;	// the signal that killed it, or 0
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

	if (!bee_targeted_child(target_pid) || !bee_targeted_here())
		return 0;
	// The tracepoint fires for each thread. The process has exited when none of its threads is alive.
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	// The format of wait(): the exit code in the second byte, the signal in the first, and a bit for the core dump.
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
