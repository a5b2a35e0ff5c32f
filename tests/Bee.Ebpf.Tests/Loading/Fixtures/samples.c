/* What is attached by Bee itself: samples of a process, a library function, and a program that runs on request. */
#include "fixture.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} counter_samples SEC(".maps"), counter_uprobes SEC(".maps");

static int count(void *map, __u32 key)
{
	__u64 one = 1, *value = bpf_map_lookup_elem(map, &key);
	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(map, &key, &one, BPF_ANY);
	return 0;
}

SEC("perf_event")
int sample(void *context)
{
	return count(&counter_samples, bpf_get_current_pid_tgid() >> 32);
}

SEC("uprobe/libc.so.6:getpgid")
int called(void *context)
{
	return count(&counter_uprobes, bpf_get_current_pid_tgid() >> 32);
}

SEC("uretprobe/libc.so.6:getpgid")
int returned(void *context)
{
	return count(&counter_uprobes, bpf_get_current_pid_tgid() >> 32);
}

struct request {
	__u32 number;
};

SEC("syscall")
int twice(struct request *request)
{
	return request->number * 2;
}
