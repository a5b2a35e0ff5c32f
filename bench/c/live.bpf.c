/* An event for each getpgid call of one process. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "events.h"

char LICENSE[] SEC("license") = "GPL";

const volatile int target_pid = -1;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024);
/* bpftool takes a type here for a size, and the kernel then refuses the map. */
#ifndef UNTYPED
	__type(value, struct event);
#endif
} print_calls SEC(".maps");

struct name {
	char text[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct name);
	__type(value, __u64);
} bee_lost SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(void *context)
{
	__u64 id = bpf_get_current_pid_tgid();
	if ((int)(id >> 32) != target_pid)
		return 0;
	struct event *event = bpf_ringbuf_reserve(&print_calls, sizeof(*event), 0);
	if (!event) {
		struct name name = { "print_calls" };
		__u64 one = 1, *count = bpf_map_lookup_elem(&bee_lost, &name);
		if (count)
			*count += 1;
		else
			bpf_map_update_elem(&bee_lost, &name, &one, BPF_ANY);
		return 0;
	}
	event->pid = id >> 32;
	event->uid = bpf_get_current_uid_gid();
	event->ts = bpf_ktime_get_ns();
	event->seq = 0;
	event->saddr = event->daddr = 0;
	event->sport = event->dport = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}
