/* The same values counted in every shape that holds slots: (name, value) is ("a", 1), ("a", 5), ("a", 6), ("b", 900), ("b", 5). */
#include "fixture.h"

#define MAP(kind, name, key_type, value_type, entries) \
	struct { __uint(type, BPF_MAP_TYPE_##kind); __uint(max_entries, entries); __type(key, key_type); __type(value, value_type); } name SEC(".maps")

struct slot_key { char name[8]; __u32 cpu; __u32 slot; };
struct name { char text[8]; };
struct slots { __u32 slots[16]; char comm[8]; };
struct sums { __u64 slots[64]; __u64 sum; };

MAP(HASH, hist_by_slot, struct slot_key, __u64, 64);
MAP(PERCPU_HASH, hist_by_slot_on_cpus, struct slot_key, __u32, 64);
MAP(HASH, hist_in_value, struct name, struct slots, 16);
MAP(PERCPU_HASH, hist_in_values, struct name, struct sums, 16);
MAP(HASH, hist_by_number, __u32, struct slots, 16);
MAP(ARRAY, hist_index, __u32, __u64, 32);
MAP(PERCPU_ARRAY, hist_index_on_cpus, __u32, __u64, 32);
MAP(PERCPU_ARRAY, hist_single_us, __u32, struct sums, 1);
MAP(HASH, hist_whole_key, __u64, __u64, 32);
MAP(HASH, hist_no_slots, struct name, __u64, 16);

static const struct sums no_sums;

static __always_inline __u32 log2_of(__u32 value)
{
	__u32 log = 0;
#pragma unroll
	for (int i = 1; i < 16; i++)
		if (value >> i)
			log = i;
	return log;
}

static __always_inline void add(void *map, void *key, int wide)
{
	__u64 one = 1;
	void *count = bpf_map_lookup_elem(map, key);

	if (!count)
		bpf_map_update_elem(map, key, &one, BPF_ANY);
	else if (wide)
		*(__u64 *)count += 1;
	else
		*(__u32 *)count += 1;
}

static __always_inline void add_slot(void *map, void *key, __u32 slot)
{
	struct slots none = { .comm = "made" }, *value = bpf_map_lookup_elem(map, key);

	if (!value) {
		bpf_map_update_elem(map, key, &none, BPF_ANY);
		value = bpf_map_lookup_elem(map, key);
	}
	if (value)
		value->slots[slot & 15] += 1;
}

static __always_inline void add_sum(void *map, void *key, __u32 slot, __u32 number)
{
	struct sums *value = bpf_map_lookup_elem(map, key);

	if (!value) {
		bpf_map_update_elem(map, key, &no_sums, BPF_ANY);
		value = bpf_map_lookup_elem(map, key);
	}
	if (value) {
		value->slots[slot & 15] += 1;
		value->sum += number;
	}
}

static __always_inline void observe(char who, __u32 cpu, __u32 value)
{
	__u32 slot = log2_of(value), zero = 0, number = who;
	__u64 wide = slot;
	struct slot_key key = { .name = { who }, .cpu = cpu, .slot = slot };
	struct name name = { .text = { who } };

	add(&hist_by_slot, &key, 1);
	add(&hist_by_slot_on_cpus, &key, 0);
	add_slot(&hist_in_value, &name, slot);
	add_sum(&hist_in_values, &name, slot, value);
	add_slot(&hist_by_number, &number, slot);
	add(&hist_index, &slot, 1);
	add(&hist_index_on_cpus, &slot, 1);
	add_sum(&hist_single_us, &zero, slot, value);
	add(&hist_whole_key, &wide, 1);
	add(&hist_no_slots, &name, 1);
}

SEC("syscall") int fill(void *context)
{
	observe('a', 0, 1);
	observe('a', 0, 5);
	observe('a', 1, 6);
	observe('b', 0, 900);
	observe('b', 0, 5);
	return 0;
}

/* New keys in place of the old ones, which a hash of few entries drops. */
MAP(LRU_HASH, hist_recent, __u32, struct slots, 100);
__u32 turn = 0;

SEC("syscall") int churn(void *context)
{
	for (__u32 i = 0; i < 100; i++) {
		__u32 key = turn * 100 + i;
		add_slot(&hist_recent, &key, 3);
	}
	turn++;
	return 0;
}

SEC("syscall") int forget(void *context)
{
	struct name name = { .text = "a" };

	bpf_map_delete_elem(&hist_in_values, &name);
	return 0;
}

struct event { char name[8]; __u64 le; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } hist_ring SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, __u32); } print_numbers SEC(".maps");

SEC("syscall") int send(void *context)
{
	struct event event = { "a", 1 };
	__u32 number = 1;

	bpf_ringbuf_output(&hist_ring, &event, sizeof(event), 0);
	event.le = 5;
	bpf_ringbuf_output(&hist_ring, &event, sizeof(event), 0);
	event.le = 6;
	bpf_ringbuf_output(&hist_ring, &event, sizeof(event), 0);
	event.name[0] = 'b';
	bpf_ringbuf_output(&hist_ring, &event, 12, 0);
	event.le = 900;
	bpf_ringbuf_output(&hist_ring, &event, sizeof(event), 0);
	event.le = 5;
	bpf_ringbuf_output(&hist_ring, &event, sizeof(event), 0);
	bpf_ringbuf_output(&print_numbers, &number, sizeof(number), 0);
	return 0;
}

/* Perf buffers take records only from programs that have a context of their own. */
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, __u32); __type(value, struct event); } hist_perf SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(struct { __u64 common; __s64 nr; __u64 pid; } *context)
{
	struct event event = { "perf", context->pid };

	if (TARGETED)
		bpf_perf_event_output(context, &hist_perf, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}
