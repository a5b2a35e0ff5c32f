#include "fixture.h"

#define MAP(name, kind, entries, key_size_, value_size_, flags)	\
	struct {						\
		__uint(type, kind);				\
		__uint(max_entries, entries);			\
		__uint(key_size, key_size_);			\
		__uint(value_size, value_size_);		\
		__uint(map_flags, flags);			\
	} name SEC(".maps")

MAP(array, BPF_MAP_TYPE_ARRAY, 1000, 4, 12, 0);
MAP(array_mapped, BPF_MAP_TYPE_ARRAY, 1000, 4, 12, BPF_F_MMAPABLE);
MAP(array_per_cpu, BPF_MAP_TYPE_PERCPU_ARRAY, 77, 4, 20, 0);
MAP(hash, BPF_MAP_TYPE_HASH, 1000, 12, 20, 0);
MAP(hash_lazy, BPF_MAP_TYPE_HASH, 1000, 12, 20, BPF_F_NO_PREALLOC);
MAP(hash_per_cpu, BPF_MAP_TYPE_PERCPU_HASH, 1000, 12, 20, 0);
MAP(lru, BPF_MAP_TYPE_LRU_HASH, 1000, 12, 20, 0);
MAP(lru_per_cpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, 500, 8, 8, 0);
MAP(lru_own, BPF_MAP_TYPE_LRU_HASH, 1001, 8, 8, BPF_F_NO_COMMON_LRU);
MAP(stacks, BPF_MAP_TYPE_STACK_TRACE, 300, 4, 127 * 8, 0);
MAP(perf, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 0, 4, 4, 0);
MAP(programs, BPF_MAP_TYPE_PROG_ARRAY, 9, 4, 4, 0);
MAP(cgroups, BPF_MAP_TYPE_CGROUP_ARRAY, 9, 4, 4, 0);
MAP(queue, BPF_MAP_TYPE_QUEUE, 100, 0, 24, 0);
MAP(stack, BPF_MAP_TYPE_STACK, 100, 0, 24, 0);
MAP(bloom, BPF_MAP_TYPE_BLOOM_FILTER, 1000, 0, 8, 0);
MAP(prefixes, BPF_MAP_TYPE_LPM_TRIE, 100, 8, 16, BPF_F_NO_PREALLOC);
MAP(ring, BPF_MAP_TYPE_RINGBUF, 1 << 16, 0, 0, 0);


int variable;

SEC("syscall")
int run(void *ctx)
{
	variable += target_pid;
	return 0;
}

