/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Functions that write events to ring buffers and count those that a full ring buffer loses. The kernel does not count them,
  * so without these functions losses go unnoticed. Bee reads the counts and reports them. Include through bee.h.
 *
 *	struct opened *event = bee_reserve(print_opens, struct opened);
 *	if (!event)
 *		return 0;
 *	event->pid = bee_pid();
 *	bee_submit(event);
 */
#ifndef BEE_EVENTS_H
#define BEE_EVENTS_H

#define BEE_MAP_NAME_SIZE 32

struct bee_map_name {
	char text[BEE_MAP_NAME_SIZE];
};

/* The number of lost events by map name, counted per CPU. Weak, so that the files of one program share it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, struct bee_map_name);
	__type(value, __u64);
} bee_lost SEC(".maps") __weak;

/* Not inlined: it runs only if a ring buffer is full, and would otherwise use each caller's stack. */
static __noinline __attribute__((unused)) int bee_count_lost(const struct bee_map_name *map)
{
	__u64 one = 1;
	__u64 *count;

	if (!map)
		return 0;
	count = bpf_map_lookup_elem(&bee_lost, map);
	if (count)
		/* Atomic, although only this CPU uses the count: a program in an interrupt may count in between. */
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&bee_lost, map, &one, BPF_ANY);
	return 0;
}

#define bee_lost_in_(map)						\
	({								\
		struct bee_map_name bee_name_ = {};			\
		__builtin_memcpy(bee_name_.text, #map,			\
			sizeof(#map) < BEE_MAP_NAME_SIZE ? sizeof(#map) : BEE_MAP_NAME_SIZE - 1); \
		bee_count_lost(&bee_name_);				\
	})

/* Reserves space for one event in a ring buffer. Returns NULL if it is full. The space is not zeroed: set every field. */
#define bee_reserve(map, event_type)					\
	({								\
		event_type *bee_room_ = bpf_ringbuf_reserve(&map, sizeof(event_type), 0); \
		if (!bee_room_)						\
			bee_lost_in_(map);				\
		bee_room_;						\
	})

/* Submits or discards a reserved event. The verifier requires one of the two on every path. */
#define bee_submit(event) bpf_ringbuf_submit(event, 0)
#define bee_discard(event) bpf_ringbuf_discard(event, 0)

/* Copies an event of any size into a ring buffer. Returns 0 or a negative errno. */
#define bee_output(map, event, size)					\
	({								\
		long bee_error_ = bpf_ringbuf_output(&map, event, size, 0); \
		if (bee_error_)						\
			bee_lost_in_(map);				\
		bee_error_;						\
	})

/* Copies an event into this CPU's perf buffer; the kernel counts its losses. Returns 0 or a negative errno. */
#define bee_perf_output(context, map, event, size)			\
	bpf_perf_event_output(context, &map, BPF_F_CURRENT_CPU, event, size)

/*
 * Declares the type of the records that an iterator writes with bpf_seq_write, so that they become objects. Without it, the output is text.
 *
 *	BEE_ITER_RECORD(dump_task, struct task_entry);
 */
#define BEE_ITER_RECORD(program, record_type) const record_type *iter_record__##program

#endif
