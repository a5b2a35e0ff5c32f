/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Maps, one line each. A map's name says what becomes of it:
 *
 *   print_...    streams: a ring's events as they come, another map's entries as they change
 *   counter_..., gauge_...    the same, and a metric of that kind
 *   hist_...    a histogram, of a ring's events or of slots that the program counts (bee_histogram.h)
 *   any other    the program's own business; Get-BeeMapEntry reads it all the same
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

/* Keyed entries. A full hash refuses new keys; a full LRU hash drops the one unused longest. */
#define BEE_HASH(map, key_type, value_type, entries)		\
	BEE_MAP_(BPF_MAP_TYPE_HASH, map, key_type, value_type, entries)
#define BEE_LRU_HASH(map, key_type, value_type, entries)	\
	BEE_MAP_(BPF_MAP_TYPE_LRU_HASH, map, key_type, value_type, entries)

/* The same with one value a CPU, so that CPUs never wait for each other. */
#define BEE_PERCPU_HASH(map, key_type, value_type, entries)	\
	BEE_MAP_(BPF_MAP_TYPE_PERCPU_HASH, map, key_type, value_type, entries)
#define BEE_LRU_PERCPU_HASH(map, key_type, value_type, entries)	\
	BEE_MAP_(BPF_MAP_TYPE_LRU_PERCPU_HASH, map, key_type, value_type, entries)

/* Entries 0 to entries - 1, all there from the start. */
#define BEE_ARRAY(map, value_type, entries)			\
	BEE_MAP_(BPF_MAP_TYPE_ARRAY, map, __u32, value_type, entries)
#define BEE_PERCPU_ARRAY(map, value_type, entries)		\
	BEE_MAP_(BPF_MAP_TYPE_PERCPU_ARRAY, map, __u32, value_type, entries)

/*
 * Entries by prefix, such as of addresses: a lookup gives the one with the longest prefix that fits. The key type begins with the number
 * of bits that count, and has what they are counted in behind it, most significant bit first:
 *
 *	struct network { __u32 prefixlen; ipv4_addr address; };
 *	BEE_LPM(blocked, struct network, __u64, 1024);
 *	...
 *	struct network host = { 32, ip->saddr };
 *	__u64 *hits = bpf_map_lookup_elem(&blocked, &host);
 *
 * The map is empty and takes memory for an entry when it is added, as the kernel wants it.
 */
#define BEE_LPM(map, key_type, value_type, entries)		\
	struct {						\
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);		\
		__uint(max_entries, entries);			\
		__uint(map_flags, BPF_F_NO_PREALLOC);		\
		__type(key, key_type);				\
		__type(value, value_type);			\
	} map SEC(".maps")

/* A ring of events, in the order of all CPUs. size is in bytes: a power of two, and a multiple of the page. */
#define BEE_RING(map, event_type, size)				\
	struct {						\
		__uint(type, BPF_MAP_TYPE_RINGBUF);		\
		__uint(max_entries, size);			\
		__type(value, event_type);			\
	} map SEC(".maps")

/* A buffer a CPU: events of different CPUs come in no order, but no CPU ever waits for another. */
#define BEE_PERF(map, event_type)				\
	struct {						\
		__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);	\
		__type(key, __u32);				\
		__type(value, event_type);			\
	} map SEC(".maps")

/*
 * Stack traces of up to 127 functions: bpf_get_stackid(ctx, &map, 0) or with BPF_F_USER_STACK gives a stack_id, or a negative error.
 * A record that has one is shown with the functions' names. With several such maps, a field is looked up in the one that is named
 * after it: user_stack_id in user_stacks.
 */
#define BEE_STACKS(map, entries)				\
	struct {						\
		__uint(type, BPF_MAP_TYPE_STACK_TRACE);		\
		__uint(max_entries, entries);			\
		__type(key, __u32);				\
		__uint(value_size, 127 * sizeof(__u64));	\
	} map SEC(".maps")

/* The same by build id and place in the file, which stay valid when the process has ended. */
#define BEE_BUILD_ID_STACKS(map, entries)			\
	struct {						\
		__uint(type, BPF_MAP_TYPE_STACK_TRACE);		\
		__uint(max_entries, entries);			\
		__uint(map_flags, BPF_F_STACK_BUILD_ID);	\
		__type(key, __u32);				\
		__uint(value_size, 127 * sizeof(struct bpf_stack_build_id)); \
	} map SEC(".maps")

/* Adds to the number that a hash map has for *key, starting at 0. A full map refuses, and the count is lost. */
static __always_inline void bee_add(void *map, const void *key, __u64 amount)
{
	__u64 zero = 0;
	__u64 *value = bpf_map_lookup_elem(map, key);

	if (!value) {
		/* Two CPUs may come here for one key: only the first creates it, both then add. */
		bpf_map_update_elem(map, key, &zero, BPF_NOEXIST);
		value = bpf_map_lookup_elem(map, key);
		if (!value)
			return;
	}
	__sync_fetch_and_add(value, amount);
}

#define bee_count(map, key) bee_add(map, key, 1)

#endif
