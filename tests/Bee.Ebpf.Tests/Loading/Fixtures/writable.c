/* Maps of every kind that user space can write to. */
#include "fixture.h"

enum level { LOW, MIDDLE = 5, HIGH = 10 };

struct caller {
	__u32 pid;
	char comm[16];
	__u16 port;
	/* 2 bytes that no field covers */
};

struct seen {
	__u64 count;
	__s32 last;
	__u32 flags : 3, rest : 29;
	enum level level;
	__u8 bytes[4];
};

#define MAP(kind, name, key_type, value_type, entries)	\
	struct {					\
		__uint(type, kind);			\
		__uint(max_entries, entries);		\
		__type(key, key_type);			\
		__type(value, value_type);		\
	} name SEC(".maps")

MAP(BPF_MAP_TYPE_HASH, callers, struct caller, struct seen, 8);
MAP(BPF_MAP_TYPE_HASH, numbers, __u32, __u64, 200000);
MAP(BPF_MAP_TYPE_LRU_HASH, recent, __u32, __u32, 64);
MAP(BPF_MAP_TYPE_ARRAY, settings, __u32, __s64, 4);
MAP(BPF_MAP_TYPE_PERCPU_HASH, each_cpu, __u32, __u64, 8);
MAP(BPF_MAP_TYPE_PERCPU_ARRAY, each_slot, __u32, struct seen, 2);

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__type(value, __u32);
} waiting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 3);
	__type(value, __u32);
} pile SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, __u32);
} filter SEC(".maps");

typedef __u32 ipv4_addr;
typedef struct { __u8 bytes[16]; } ipv6_addr;
struct route { __u32 prefixlen; ipv4_addr network; };
struct route6 { __u32 prefixlen; ipv6_addr network; };

#define TRIE(name, key_type)				\
	struct {					\
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);	\
		__uint(max_entries, 16);		\
		__uint(map_flags, BPF_F_NO_PREALLOC);	\
		__type(key, key_type);			\
		__type(value, __u32);			\
	} name SEC(".maps")

TRIE(routes, struct route);
TRIE(routes6, struct route6);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, 8);
	__uint(value_size, 4);
} bare SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [1] = &first } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(map_flags, BPF_F_RDONLY);
	__type(key, __u32);
	__type(value, __u32);
} to_read SEC(".maps");

SEC("syscall")
int nothing(void *context)
{
	return target_pid;
}
