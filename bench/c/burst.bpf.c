/* A million events at once, when the target first calls getpgid: more than any reader takes before the next is there. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "events.h"

char LICENSE[] SEC("license") = "GPL";

const volatile int target_pid = -1;
int fired;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 128 * 1024 * 1024);
	__type(value, struct event);
} print_events SEC(".maps");

static long add_event(__u32 number, void *unused)
{
	struct event *event = bpf_ringbuf_reserve(&print_events, sizeof(*event), 0);
	if (!event)
		return 1;
	event->pid = number;
	event->uid = 1000;
	event->ts = bpf_ktime_get_ns();
	event->seq = number;
	event->saddr = 0x0100007f;
	event->daddr = number;
	event->sport = number;
	event->dport = 443;
	__builtin_memcpy(event->comm, "some-command", 13);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(void *context)
{
	/* The target has one thread. */
	if ((int)(bpf_get_current_pid_tgid() >> 32) == target_pid && !fired) {
		fired = 1;
		bpf_loop(EVENTS, add_event, 0, 0);
	}
	return 0;
}
