// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// oomkill: who gets killed when memory runs out, and who wanted more?
//
// The kernel picks a process and then calls oom_kill_process; a kprobe there sees the choice. Between 6.1 and 6.2 the kernel changed how it
// counts a process's memory. The program has code for both, and what it is loaded on decides.
#include "bee.h"

BEE_LICENSE("GPL");

// Only when this process gets killed; 0 is all.
BEE_PARAM(pid_t, target_pid, 0);
// What the kernel counts memory in. `getconf PAGESIZE` tells.
BEE_PARAM(u32, page_size, 4096);

struct killed {
	ktime at;
	pid_t pid;
	char comm[16];
	byte_size used;		// what it had: files, its own memory, shared memory
	byte_size limit;	// what all had together, or the control group's limit
	bool in_cgroup;		// a control group had reached its limit, not the machine
	pid_t by_pid;		// whose wish for memory it was
	char by_comm[16];
};

BEE_RING(print_killed, struct killed, 1 << 16);

// As these were up to 6.1. What stands after ___ is not part of the name that is looked for in the running kernel.
struct mm_rss_stat___old {
	atomic_long_t count[4];
} __attribute__((preserve_access_index));

struct mm_struct___old {
	struct mm_rss_stat___old rss_stat;
} __attribute__((preserve_access_index));

// Pages of one sort. The newer count lags a little behind: each CPU keeps its last few for itself.
static __always_inline u64 pages(struct mm_struct *mm, int sort)
{
	struct mm_struct___old *old = (void *)mm;
	s64 count;

	if (bpf_core_type_exists(struct mm_rss_stat___old))
		count = BPF_CORE_READ(old, rss_stat.count[sort].counter);
	else
		count = BPF_CORE_READ(mm, rss_stat[sort].count);
	return count > 0 ? count : 0;
}

SEC("kprobe/oom_kill_process")
int BPF_KPROBE(oom_kill_process, struct oom_control *oc)
{
	struct task_struct *chosen = BPF_CORE_READ(oc, chosen);
	struct mm_struct *mm = BPF_CORE_READ(chosen, mm);
	pid_t pid = BPF_CORE_READ(chosen, tgid);
	struct killed *event;

	if (target_pid && target_pid != pid)
		return 0;
	event = bee_reserve(print_killed, struct killed);
	if (!event)
		return 0;
	event->at = bpf_ktime_get_ns();
	event->pid = pid;
	bpf_probe_read_kernel_str(event->comm, sizeof(event->comm), chosen->comm);
	event->used = (pages(mm, MM_FILEPAGES) + pages(mm, MM_ANONPAGES) + pages(mm, MM_SHMEMPAGES)) * page_size;
	event->limit = (u64)BPF_CORE_READ(oc, totalpages) * page_size;
	event->in_cgroup = BPF_CORE_READ(oc, memcg) != NULL;
	event->by_pid = bee_pid();
	bpf_get_current_comm(event->by_comm, sizeof(event->by_comm));
	bee_submit(event);
	return 0;
}
