/* A program that costs much: each system call of the process that the test names runs a loop of that many rounds. */
#include "fixture.h"

const volatile __u32 rounds = 0;

struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } counter_runs SEC(".maps");

static long step(__u32 i, void *sum)
{
	*(__u64 *)sum += i;
	return 0;
}

SEC("raw_tp/sys_enter") int burn(void *ctx)
{
	__u32 key = 0;
	__u64 sum = 0, *runs;

	if (!TARGETED)
		return 0;
	bpf_loop(rounds, step, &sum, 0);
	runs = bpf_map_lookup_elem(&counter_runs, &key);
	if (runs)
		__sync_fetch_and_add(runs, 1);
	return 0;
}

/* Never runs here. */
SEC("?raw_tp/sys_exit") int quiet(void *ctx)
{
	return 0;
}
