/* Raw tracepoints of two kinds; each counts in its own slot when it sees the target. */
#include "fixture.h"

enum slot { RAW_TRACEPOINT, TYPED_TRACEPOINT, SLOTS };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} gauge_seen SEC(".maps");

static int seen(__u32 slot)
{
	__u64 *count = TARGETED ? bpf_map_lookup_elem(&gauge_seen, &slot) : 0;
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int raw(void *context)
{
	return seen(RAW_TRACEPOINT);
}

SEC("tp_btf/sys_enter")
int typed(void *context)
{
	return seen(TYPED_TRACEPOINT);
}

SEC("?raw_tp/no_such_tracepoint_but_optional")
int optional(void *context)
{
	return 0;
}
