// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Which folders could be made, and how long did it take?
#include "bee.h"

BEE_LICENSE("GPL");

struct made {
	errno_value result;
	duration took;
};

BEE_RING(print_made, struct made, 1 << 16);
BEE_HASH(counter_results, errno_value, u64, 64);
BEE_HASH(started, u32, u64, 1024);

SEC("fentry/do_mkdirat")
int BPF_PROG(making)
{
	u32 tid = bee_tid();
	u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&started, &tid, &now, BPF_ANY);
	return 0;
}

SEC("fexit/do_mkdirat")
int BPF_PROG(made, int folder, struct filename *name, umode_t mode, int result)
{
	u32 tid = bee_tid();
	u64 *since = bpf_map_lookup_elem(&started, &tid);
	errno_value key = result;
	struct made *event;

	if (!since)
		return 0;
	bee_count(&counter_results, &key);
	event = bee_reserve(print_made, struct made);
	if (event) {
		event->result = result;
		event->took = bpf_ktime_get_ns() - *since;
		bee_submit(event);
	}
	bpf_map_delete_elem(&started, &tid);
	return 0;
}
