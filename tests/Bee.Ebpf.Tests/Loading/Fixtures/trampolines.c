/* What runs through trampolines, which not every kernel allows; each counts in its own slot when it sees the target. */
#include "fixture.h"

enum slot { FUNCTION_ENTRY, FUNCTION_EXIT, SECURITY_HOOK, SLOTS };

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

SEC("fentry/security_task_getpgid")
int entry(void *context)
{
	return seen(FUNCTION_ENTRY);
}

SEC("fexit/security_task_getpgid")
int leave(void *context)
{
	return seen(FUNCTION_EXIT);
}

SEC("lsm/task_getpgid")
int hook(void *context)
{
	return seen(SECURITY_HOOK);
}
