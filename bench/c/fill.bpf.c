/* Fills a ring with a million events, or a hash map with 100,000 entries, when told to: only the reading is measured. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "events.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024 * 1024);
	__type(value, struct event);
} print_events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, struct flow);
	__type(value, __u64);
} counter_flows SEC(".maps");

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
	/* There is nobody to be woken up: the reader comes afterwards. */
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

static long add_entry(__u32 number, void *unused)
{
	struct flow flow = { .saddr = 0x0100007f, .daddr = number, .sport = number, .dport = 443, .pid = number };
	__u64 value = number;
	return bpf_map_update_elem(&counter_flows, &flow, &value, BPF_ANY) != 0;
}

SEC("syscall")
int fill_ring(void *context)
{
	return bpf_loop(EVENTS, add_event, 0, 0);
}

SEC("syscall")
int fill_hash(void *context)
{
	return bpf_loop(ENTRIES, add_entry, 0, 0);
}
