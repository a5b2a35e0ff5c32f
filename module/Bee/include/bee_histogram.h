/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Histograms that the kernel aggregates: one map, one line for each value. Bee reads the map at each interval and returns one
  * histogram object for each combination of labels.
 *
 *	struct who { char comm[16]; };
 *	BEE_HISTOGRAM(hist_latency_ns, struct who, 1024);
 *
 *	bee_observe_log2(&hist_latency_ns, &who, nanoseconds);
 *
 * The end of the map's name is the unit (_ns, _us, _ms, _seconds, _bytes), unless bee.yaml has one. Labels are compared byte by byte,
  * so the padding of the struct must be zero. Include through bee.h.
 */
#ifndef BEE_HISTOGRAM_H
#define BEE_HISTOGRAM_H

#define BEE_HISTOGRAM_SLOTS 64

/* The value for each combination of labels. The sum gives the average. */
struct bee_histogram {
	__u64 slots[BEE_HISTOGRAM_SLOTS];
	__u64 sum;
};

/* The labels are the key. entries is the maximum number of combinations; values of further ones are not counted. */
#define BEE_HISTOGRAM(map, label_type, entries)			\
	BEE_HASH(map, label_type, struct bee_histogram, entries)

/* The same, but a full map drops the least recently used combination with its counts. */
#define BEE_LRU_HISTOGRAM(map, label_type, entries)		\
	BEE_LRU_HASH(map, label_type, struct bee_histogram, entries)

/* A single histogram without labels, counted per CPU. Pass a key of __u32 0 to the functions below. */
#define BEE_SINGLE_HISTOGRAM(map)				\
	BEE_PERCPU_ARRAY(map, struct bee_histogram, 1)

/* Returns the exponent of the largest power of two that is not above value; 0 for 0. Unrolled, so that the verifier sees no loop. */
static __always_inline __u32 bee_log2(__u64 value)
{
	__u32 log = 0;

	if (value >> 32) {
		value >>= 32;
		log += 32;
	}
	if (value >> 16) {
		value >>= 16;
		log += 16;
	}
	if (value >> 8) {
		value >>= 8;
		log += 8;
	}
	if (value >> 4) {
		value >>= 4;
		log += 4;
	}
	if (value >> 2) {
		value >>= 2;
		log += 2;
	}
	if (value >> 1)
		log += 1;
	return log;
}

/* The initial value of new entries, which is too large for the stack. */
static struct bee_histogram bee_histogram_empty __attribute__((unused));

/* Counts a value in the given slot. The last slot also counts values for higher slots. */
static __always_inline void bee_observe_slot(void *map, const void *labels, __u64 slot, __u64 value)
{
	struct bee_histogram *histogram = bpf_map_lookup_elem(map, labels);

	if (!histogram) {
		/* Two CPUs may race for the same key: only the first creates it, then both count. */
		bpf_map_update_elem(map, labels, &bee_histogram_empty, BPF_NOEXIST);
		histogram = bpf_map_lookup_elem(map, labels);
		if (!histogram)
			return;
	}
	if (slot >= BEE_HISTOGRAM_SLOTS)
		slot = BEE_HISTOGRAM_SLOTS - 1;
	/* Keeps the mask, which the compiler would remove as redundant: the verifier needs it. */
	asm volatile("" : "+r"(slot));
	slot &= BEE_HISTOGRAM_SLOTS - 1;
	__sync_fetch_and_add(&histogram->slots[slot], 1);
	__sync_fetch_and_add(&histogram->sum, value);
}

/* Counts a value in slots of powers of two: 0 and 1, 2 and 3, 4 to 7, ... For values of any magnitude, such as times from nanoseconds to minutes. */
static __always_inline void bee_observe_log2(void *map, const void *labels, __u64 value)
{
	bee_observe_slot(map, labels, bee_log2(value), value);
}

/*
 * Counts a value in 64 slots of equal width from start on. Values below start count in the first slot. bee.yaml must have the same start and step:
 *
 *	maps:
 *	  hist_...:
 *	    scale: { start: 0, step: 100 }
 */
static __always_inline void bee_observe_linear(void *map, const void *labels, __u64 value, __u64 start, __u64 step)
{
	bee_observe_slot(map, labels, value < start ? 0 : (value - start) / step, value);
}

#endif
