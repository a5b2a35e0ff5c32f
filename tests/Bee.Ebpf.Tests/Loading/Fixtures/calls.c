/* Each getpgid call of the target, as an event in a ring, and a count in a hash, a per-CPU array and an array. */
#include "fixture.h"

struct call {
	__u32 pid;
	__s32 argument;
	__u64 number;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
	__type(value, struct call);
} print_calls_of_getpgid SEC(".maps");

struct call_key {
	__s32 argument;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct call_key);
	__type(value, __u64);
} counter_by_argument SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} gauge_slots SEC(".maps");

const volatile int quiet = 0;
__u64 number = 0;

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid_of_the_target(struct { __u64 common; __s64 nr; __u64 pid; } *context)
{
	if (!TARGETED)
		return 0;
	struct call_key key = { .argument = (int)context->pid };
	__u64 one = 1, *count = bpf_map_lookup_elem(&counter_by_argument, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&counter_by_argument, &key, &one, BPF_ANY);
	__u32 slot = 1;
	count = bpf_map_lookup_elem(&gauge_slots, &slot);
	if (count)
		*count += 1;
	if (quiet)
		return 0;
	struct call *call = bpf_ringbuf_reserve(&print_calls_of_getpgid, sizeof(*call), 0);
	if (!call)
		return 0;
	call->pid = bpf_get_current_pid_tgid() >> 32;
	call->argument = key.argument;
	call->number = __sync_fetch_and_add(&number, 1);
	bpf_get_current_comm(call->comm, sizeof(call->comm));
	bpf_ringbuf_submit(call, 0);
	return 0;
}
