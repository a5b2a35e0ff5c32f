// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// capable: which capabilities does a process need, and does it have them?
//
// The kernel checks capabilities in cap_capable. Since 6.14 this function has a tracepoint, which is cheaper and needs no kprobes: build with
// -Define CAPABLE_TRACEPOINT to use it. On older kernels, a kprobe sees the check and a kretprobe the result. They also see whether the check is
// audited, which the tracepoint does not report.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process and its direct children; 0 for all.
BEE_PARAM(pid_t, target_pid, 0);
// Only checks that failed.
BEE_PARAM(bool, refused_only, false);

// An enum of the program: Bee shows its names, and compares with them.
enum capability {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP,
	CAP_LINUX_IMMUTABLE, CAP_NET_BIND_SERVICE, CAP_NET_BROADCAST, CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK, CAP_IPC_OWNER,
	CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_PACCT, CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_NICE,
	CAP_SYS_RESOURCE, CAP_SYS_TIME, CAP_SYS_TTY_CONFIG, CAP_MKNOD, CAP_LEASE, CAP_AUDIT_WRITE, CAP_AUDIT_CONTROL, CAP_SETFCAP,
	CAP_MAC_OVERRIDE, CAP_MAC_ADMIN, CAP_SYSLOG, CAP_WAKE_ALARM, CAP_BLOCK_SUSPEND, CAP_AUDIT_READ, CAP_PERFMON, CAP_BPF,
	CAP_CHECKPOINT_RESTORE,
};

struct asked {
	ktime at;
	pid_t pid;
	uid_t uid;
	char comm[16];
	enum capability capability;
	bool granted;
};

BEE_RING(print_asked, struct asked, 1 << 20);

static __always_inline int answered(int capability, int result)
{
	struct asked *event;

	if (refused_only && !result)
		return 0;
	event = bee_reserve(print_asked, struct asked);
	if (!event)
		return 0;
	event->at = bpf_ktime_get_ns();
	event->pid = bee_pid();
	event->uid = bee_uid();
	event->capability = capability;
	event->granted = !result;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bee_submit(event);
	return 0;
}

#ifdef CAPABLE_TRACEPOINT

SEC("tracepoint/capability/cap_capable")
int asked(struct trace_event_raw_cap_capable *ctx)
{
	return bee_targeted_child(target_pid) ? answered(ctx->cap, ctx->ret) : 0;
}

#else

// Also checks without an audit, such as those for memory limits: the kernel denies nothing because of them, and logs nothing.
// Described here and not in bee.yaml, because the parameter exists only if this branch is compiled.
BEE_DESCRIBE("Also what the kernel asks on the side, from which no refusal follows.")
BEE_PARAM(bool, unaudited, false);

#define CAP_OPT_NOAUDIT 2

// The check of each thread, until its result is known.
BEE_LRU_HASH(questions, u32, int, 8192);

SEC("kprobe/cap_capable")
int BPF_KPROBE(ask, const struct cred *cred, struct user_namespace *namespace, int capability, unsigned int options)
{
	u32 tid = bee_tid();

	if (bee_targeted_child(target_pid) && (unaudited || !(options & CAP_OPT_NOAUDIT)))
		bpf_map_update_elem(&questions, &tid, &capability, BPF_ANY);
	return 0;
}

SEC("kretprobe/cap_capable")
int BPF_KRETPROBE(answer, int result)
{
	u32 tid = bee_tid();
	int *capability = bpf_map_lookup_elem(&questions, &tid);

	if (!capability)
		return 0;
	answered(*capability, result);
	bpf_map_delete_elem(&questions, &tid);
	return 0;
}

#endif
