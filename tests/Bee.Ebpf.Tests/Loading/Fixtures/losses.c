/* Events that do not fit: into a ring whose program counts what is refused, and into perf buffers, where the kernel counts. */
#include "fixture.h"

struct event {
	__u64 number;
	__u64 filler[31];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} print_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, struct event);
} print_perf SEC(".maps");

struct name {
	char text[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, struct name);
	__type(value, __u64);
} bee_lost SEC(".maps");

const volatile int short_records = 0;
__u64 number = 0;

SEC("raw_tp/sys_enter")
int on_getpgid(struct bpf_raw_tracepoint_args *context)
{
	if (!TARGETED || context->args[1] != 121)
		return 0;
	struct event event = { .number = __sync_fetch_and_add(&number, 1) };
	bpf_perf_event_output(context, &print_perf, BPF_F_CURRENT_CPU, &event, short_records ? 8 : sizeof(event));
	if (bpf_ringbuf_output(&print_ring, &event, short_records ? 8 : sizeof(event), 0)) {
		struct name name = { "print_ring" };
		__u64 one = 1, *count = bpf_map_lookup_elem(&bee_lost, &name);
		if (count)
			*count += 1;
		else
			bpf_map_update_elem(&bee_lost, &name, &one, BPF_ANY);
	}
	return 0;
}
