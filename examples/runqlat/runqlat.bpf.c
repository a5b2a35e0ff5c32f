// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// runqlat: how long do runnable threads wait for a CPU?
//
// Threads are scheduled thousands of times per second, so no event is sent for each wait. The kernel counts the waits in slots of
// powers of two, and Bee reads a few hundred bytes at each interval.
#include "bee.h"

BEE_LICENSE("GPL");

// Only threads of this process; 0 for all.
BEE_PARAM(pid_t, target_pid, 0);

// One histogram for each thread name.
struct waiter {
	char comm[16];
};

// Bee shows a map whose name begins with hist_ as histograms; _ns is the unit.
BEE_HISTOGRAM(hist_runq_ns, struct waiter, 4096);

// When a thread became runnable, by thread id.
BEE_LRU_HASH(ready, u32, u64, 16384);

// The field's name before Linux 5.14. The suffix after ___ is ignored when the type is looked up in the running kernel.
struct task_struct___older {
	long state;
};

static __always_inline bool wants_to_run(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) == 0;
	return BPF_CORE_READ((struct task_struct___older *)task, state) == 0;
}

static __always_inline void begin_to_wait(struct task_struct *task)
{
	u32 thread = task->pid;
	u64 now = bpf_ktime_get_ns();

	// Thread 0 is the idle loop of each CPU.
	if (thread && (!target_pid || task->tgid == target_pid))
		bpf_map_update_elem(&ready, &thread, &now, BPF_ANY);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(woken, struct task_struct *task)
{
	begin_to_wait(task);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(woken_new, struct task_struct *task)
{
	begin_to_wait(task);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(switched, bool preempted, struct task_struct *before, struct task_struct *next)
{
	u32 thread = next->pid;
	struct waiter waiter = {};
	u64 *since;
	u64 waited;

	// A thread that leaves the CPU without going to sleep is runnable again at once.
	if (wants_to_run(before))
		begin_to_wait(before);

	since = bpf_map_lookup_elem(&ready, &thread);
	if (!since)
		return 0;
	waited = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&ready, &thread);
	// The clocks of two CPUs may differ slightly.
	if ((s64)waited < 0)
		return 0;
	BPF_CORE_READ_STR_INTO(&waiter.comm, next, comm);
	bee_observe_log2(&hist_runq_ns, &waiter, waited);
	return 0;
}
