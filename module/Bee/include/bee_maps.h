/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Maps, one line each. The prefix of a map's name selects what Bee does with it:
 *
 *   print_...    streams a ring buffer's events as they arrive, or another map's entries as they change
 *   counter_..., gauge_...    the same, and serves a metric of that kind
 *   hist_...    shows histograms of a ring buffer's events, or of slots that the program counts (bee_histogram.h)
 *   any other    is internal to the program; Get-BeeMapEntry can still read it
 *
 * Include through bee.h.
 */
#ifndef BEE_MAPS_H
#define BEE_MAPS_H

#define BEE_MAP_(map_type, map, key_type, value_type, entries)	\
	struct {						\
		__uint(type, map_type);				\
		__uint(max_entries, entries);			\
		__type(key, key_type);				\
		__type(value, value_type);			\
	} map SEC(".maps")

/* Entries by key. A full hash rejects new keys; a full LRU hash drops the least recently used entry. */
#define BEE_HASH(map, key_type, value_type, entries)		\
	BEE_MAP_(BPF_MAP_TYPE_HASH, map, key_type, value_type, entries)
#define BEE_LRU_HASH(map, key_type, value_type, entries)	\
	BEE_MAP_(BPF_MAP_TYPE_LRU_HASH, map, key_type, value_type, entries)

/* The same with one value per CPU, so that CPUs never wait for each other. */
#define BEE_PERCPU_HASH(map, key_type, value_type, entries)	\
	BEE_MAP_(BPF_MAP_TYPE_PERCPU_HASH, map, key_type, value_type, entries)
#define BEE_LRU_PERCPU_HASH(map, key_type, value_type, entries)	\
	BEE_MAP_(BPF_MAP_TYPE_LRU_PERCPU_HASH, map, key_type, value_type, entries)

/* Entries 0 to entries - 1, which exist from the start. */
#define BEE_ARRAY(map, value_type, entries)			\
	BEE_MAP_(BPF_MAP_TYPE_ARRAY, map, __u32, value_type, entries)
#define BEE_PERCPU_ARRAY(map, value_type, entries)		\
	BEE_MAP_(BPF_MAP_TYPE_PERCPU_ARRAY, map, __u32, value_type, entries)

/*
 * Entries by prefix, for example of addresses: a lookup returns the entry with the longest matching prefix. The key type begins with the
  * prefix length in bits, followed by the data, most significant bit first:
 *
 *	struct network { __u32 prefixlen; ipv4_addr address; };
 *	BEE_LPM(blocked, struct network, __u64, 1024);
 *	...
 *	struct network host = { 32, ip->saddr };
 *	__u64 *hits = bpf_map_lookup_elem(&blocked, &host);
 *
 * The map starts empty and allocates memory when an entry is added, as the kernel requires.
 */
#define BEE_LPM(map, key_type, value_type, entries)		\
	struct {						\
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);		\
		__uint(max_entries, entries);			\
		__uint(map_flags, BPF_F_NO_PREALLOC);		\
		__type(key, key_type);				\
		__type(value, value_type);			\
	} map SEC(".maps")

/* A ring buffer, which keeps events of all CPUs in order. size is in bytes: a power of two, and a multiple of the page size. */
#define BEE_RING(map, event_type, size)				\
	struct {						\
		__uint(type, BPF_MAP_TYPE_RINGBUF);		\
		__uint(max_entries, size);			\
		__type(value, event_type);			\
	} map SEC(".maps")

/* A perf buffer: one buffer per CPU. Events of different CPUs are not ordered, but no CPU ever waits for another. */
#define BEE_PERF(map, event_type)				\
	struct {						\
		__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);	\
		__type(key, __u32);				\
		__type(value, event_type);			\
	} map SEC(".maps")

/*
 * Stack traces of up to 127 functions: bpf_get_stackid(ctx, &map, 0), or with BPF_F_USER_STACK, returns a stack_id or a negative error.
  * Bee shows the functions' names for a record with such a field. With several such maps, a field belongs to the map of the same
  * name: user_stack_id to user_stacks.
 */
#define BEE_STACKS(map, entries)				\
	struct {						\
		__uint(type, BPF_MAP_TYPE_STACK_TRACE);		\
		__uint(max_entries, entries);			\
		__type(key, __u32);				\
		__uint(value_size, 127 * sizeof(__u64));	\
	} map SEC(".maps")

/* The same with build ids and file offsets, which stay valid after the process has ended. */
#define BEE_BUILD_ID_STACKS(map, entries)			\
	struct {						\
		__uint(type, BPF_MAP_TYPE_STACK_TRACE);		\
		__uint(max_entries, entries);			\
		__uint(map_flags, BPF_F_STACK_BUILD_ID);	\
		__type(key, __u32);				\
		__uint(value_size, 127 * sizeof(struct bpf_stack_build_id)); \
	} map SEC(".maps")

/* Adds an amount to the number for *key in a hash map, starting at 0. If the map is full, the amount is lost. */
static __always_inline void bee_add(void *map, const void *key, __u64 amount)
{
	__u64 zero = 0;
	__u64 *value = bpf_map_lookup_elem(map, key);

	if (!value) {
		/* Two CPUs may race for the same key: only the first creates it, then both add. */
		bpf_map_update_elem(map, key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(map, key);
		if (!value)
			return;
	}
	__sync_fetch_and_add(value, amount);
}

#define bee_count(map, key) bee_add(map, key, 1)

#endif
