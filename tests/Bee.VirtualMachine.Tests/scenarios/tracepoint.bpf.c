// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The same system call by its tracepoint, and the end of processes by a raw one and by a typed one.
#include "bee.h"

BEE_LICENSE("GPL");

BEE_HASH(counter_seen, u32, u64, 8);

static __always_inline int seen(u32 by)
{
	char comm[16];

	bpf_get_current_comm(comm, sizeof(comm));
	if (!bpf_strncmp(comm, sizeof("mkdir"), "mkdir"))
		bee_count(&counter_seen, &by);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_mkdir")
int entered(struct trace_event_raw_sys_enter *ctx)
{
	return seen(1);
}

SEC("raw_tp/sched_process_exit")
int ended(struct bpf_raw_tracepoint_args *ctx)
{
	return seen(2);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(ended_typed, struct task_struct *task)
{
	return task->tgid == bee_pid() ? seen(3) : 0;
}
