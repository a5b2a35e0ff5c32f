// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// oomkill: which process is killed when memory runs out, and which process needed more?
//
// The kernel chooses a process and then calls oom_kill_process; a kprobe there sees the choice. Linux 6.2 changed how the kernel
// counts a process's memory. The program contains code for both, and the kernel that loads it decides which one runs.
#include "bee.h"

BEE_LICENSE("GPL");

// Only if this process is killed; 0 for all.
BEE_PARAM(pid_t, target_pid, 0);
// The size of a memory page. `getconf PAGESIZE` prints it.
BEE_PARAM(u32, page_size, 4096);

struct killed {
	ktime at;
	pid_t pid;
	char comm[16];
	byte_size used;		// the memory of the killed process: files, anonymous, shared
	byte_size limit;	// the total memory, or the control group's limit
	bool in_cgroup;		// whether a control group reached its limit, not the machine
	pid_t by_pid;		// the process that requested memory
	char by_comm[16];
};

BEE_RING(print_killed, struct killed, 1 << 16);

// These types as they were up to 6.1. The suffix after ___ is ignored when the type is looked up in the running kernel.
struct mm_rss_stat___old {
	atomic_long_t count[4];
} __attribute__((preserve_access_index));

struct mm_struct___old {
	struct mm_rss_stat___old rss_stat;
} __attribute__((preserve_access_index));

// Pages of one kind. The newer counter is slightly inexact: each CPU keeps recent changes in its own counter.
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
