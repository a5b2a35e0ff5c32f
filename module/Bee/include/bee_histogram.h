/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Histograms that the kernel counts: one map, one line for each value. Bee reads the map at each interval and gives one
 * histogram object for each combination of labels.
 *
 *	struct who { char comm[16]; };
 *	BEE_HISTOGRAM(hist_latency_ns, struct who, 1024);
 *
 *	bee_observe_log2(&hist_latency_ns, &who, nanoseconds);
 *
 * The end of the map's name says the unit (_ns, _us, _ms, _seconds, _bytes), or bee.yaml does. Labels are compared byte by byte: a
 * struct with padding must be zero in it. Include through bee.h.
 */
#ifndef BEE_HISTOGRAM_H
#define BEE_HISTOGRAM_H

#define BEE_HISTOGRAM_SLOTS 64

/* What the map holds for each combination of labels. With it Bee knows the average as well. */
struct bee_histogram {
	__u64 slots[BEE_HISTOGRAM_SLOTS];
	__u64 sum;
};

/* Labels are the key. entries is how many combinations fit; the values of any further one are not counted. */
#define BEE_HISTOGRAM(map, label_type, entries)			\
	BEE_HASH(map, label_type, struct bee_histogram, entries)

/* The same, but a full map drops the combination unused longest, with its counts. */
#define BEE_LRU_HISTOGRAM(map, label_type, entries)		\
	BEE_LRU_HASH(map, label_type, struct bee_histogram, entries)

/* Without labels: a single histogram, counted on each CPU by itself. Give the functions below a key of __u32 0. */
#define BEE_SINGLE_HISTOGRAM(map)				\
	BEE_PERCPU_ARRAY(map, struct bee_histogram, 1)

/* The exponent of the largest power of two that is not above value; 0 for 0. In steps, since no loop has to be proved to end. */
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

/* Too large for the stack, so new entries begin as a copy of this. */
static struct bee_histogram bee_histogram_empty __attribute__((unused));

/* Counts a value in a slot of its own choice. The last slot also takes what is beyond it. */
static __always_inline void bee_observe_slot(void *map, const void *labels, __u64 slot, __u64 value)
{
	struct bee_histogram *histogram = bpf_map_lookup_elem(map, labels);

	if (!histogram) {
		/* Two CPUs may come here for one key: only the first creates it, both then count. */
		bpf_map_update_elem(map, labels, &bee_histogram_empty, BPF_NOEXIST);
		histogram = bpf_map_lookup_elem(map, labels);
		if (!histogram)
			return;
	}
	if (slot >= BEE_HISTOGRAM_SLOTS)
		slot = BEE_HISTOGRAM_SLOTS - 1;
	/* The compiler knows the bound and would leave it out; the verifier has to see it. */
	asm volatile("" : "+r"(slot));
	slot &= BEE_HISTOGRAM_SLOTS - 1;
	__sync_fetch_and_add(&histogram->slots[slot], 1);
	__sync_fetch_and_add(&histogram->sum, value);
}

/* Slots of powers of two: 0 and 1, 2 and 3, 4 to 7, ... For what may be anything from nanoseconds to minutes. */
static __always_inline void bee_observe_log2(void *map, const void *labels, __u64 value)
{
	bee_observe_slot(map, labels, bee_log2(value), value);
}

/*
 * 64 slots of one width, the first from start on; what is below start counts there too. bee.yaml must say the same start and step:
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
