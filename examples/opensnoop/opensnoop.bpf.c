// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// opensnoop: which files do processes open, and do the calls succeed?
//
// Two programs trace one system call: the first, at its start, sees the arguments; the second, at its end, sees
// the result. A hash map passes the arguments from one to the other.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process and its direct children; 0 for all. Set it with -Parameter @{ target_pid = 42 }.
BEE_PARAM(pid_t, target_pid, 0);
// Only calls that failed.
BEE_PARAM(bool, failed_only, false);

struct opened {
	ktime at;		// this type is a timestamp, so it becomes a date
	pid_t pid;
	char comm[16];
	s32 fd;			// -1 if the call failed
	errno_value error;	// 0, or the error
	char path[255];
};

// Bee streams the events of a ring buffer whose name begins with print_.
BEE_RING(print_opens, struct opened, 1 << 20);

// A thread makes one call at a time, so its id is the key. LRU: the entry of a thread that was killed inside a call is dropped eventually.
BEE_LRU_HASH(paths, u32, const char *, 8192);

static __always_inline int entered(const char *path)
{
	u32 tid = bee_tid();

	// bee_targeted_here() is false outside of the containers that -Container, -Pod and -Namespace select.
	if (bee_targeted_child(target_pid) && bee_targeted_here())
		bpf_map_update_elem(&paths, &tid, &path, BPF_ANY);
	return 0;
}

static __always_inline int left(long result)
{
	u32 tid = bee_tid();
	const char **path = bpf_map_lookup_elem(&paths, &tid);
	struct opened *event;

	if (!path)
		return 0;
	if (failed_only && result >= 0)
		goto done;
	event = bee_reserve(print_opens, struct opened);
	if (!event)
		goto done;
	event->at = bpf_ktime_get_ns();
	event->pid = bee_pid();
	event->fd = result < 0 ? -1 : result;
	event->error = result < 0 ? result : 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	// The path is read at the end of the call, when the kernel has loaded its page into memory.
	if (bpf_probe_read_user_str(event->path, sizeof(event->path), *path) < 0)
		event->path[0] = 0;
	bee_submit(event);
done:
	bpf_map_delete_elem(&paths, &tid);
	return 0;
}

// openat(dirfd, path, flags, mode), which C libraries use for open() too
SEC("tracepoint/syscalls/sys_enter_openat")
int enter_openat(struct trace_event_raw_sys_enter *ctx)
{
	return entered((const char *)ctx->args[1]);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int exit_openat(struct trace_event_raw_sys_exit *ctx)
{
	return left(ctx->ret);
}

// openat2(dirfd, path, struct open_how *, size)
SEC("tracepoint/syscalls/sys_enter_openat2")
int enter_openat2(struct trace_event_raw_sys_enter *ctx)
{
	return entered((const char *)ctx->args[1]);
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int exit_openat2(struct trace_event_raw_sys_exit *ctx)
{
	return left(ctx->ret);
}
