Numbered slots, all there from the start: one for each CPU here.
//: declarations
$(map)
//: map Print
// What a slot says: how often it happened on this CPU, and what the last time was like.
struct $(name)_latest {
	u64 times;
	ktime at;
	$(fields)
};

// A name that begins with print_ makes Bee stream the slots, each when it has changed. The key is a number from 0 on: the
// CPU's here. What happens on a CPU above 255 finds no slot, and is not seen.
BEE_ARRAY(print_$(name), struct $(name)_latest, 256);
//: map Counter
// A name that begins with counter_ makes Bee stream the slots, each when it has changed, and a metric that only grows. The
// key is a number from 0 on: the CPU's here. What happens on a CPU above 255 finds no slot, and is not counted.
BEE_ARRAY(counter_$(name), u64, 256);
//: map Gauge
// A name that begins with gauge_ makes Bee stream the slots, each when it has changed, and a metric that goes up and down.
// The key is a number from 0 on: the CPU's here. What happens on a CPU above 255 finds no slot.
BEE_ARRAY(gauge_$(name), $(valuetype), 256);
//: map Histogram
// A name that begins with hist_ makes a histogram; the end of the name is the unit. Only counts of powers of two are kept:
// a million values cost no more than one. Each CPU counts for itself, and Bee adds up.
BEE_SINGLE_HISTOGRAM(hist_$(name)_$(unit));
//: locals
	u32 key = bpf_get_smp_processor_id();
//: locals Print
	u32 key = bpf_get_smp_processor_id();
	struct $(name)_latest *latest;
//: locals Counter
	u32 key = bpf_get_smp_processor_id();
	u64 *count;
//: locals Histogram
	u32 key = 0;
//: place
latest->
//: body Print
	latest = bpf_map_lookup_elem(&print_$(name), &key);
	if (!latest)
		return $(pass);
	__sync_fetch_and_add(&latest->times, 1);
	latest->at = bpf_ktime_get_ns();
	$(assign)
//: body Counter
	count = bpf_map_lookup_elem(&counter_$(name), &key);
	if (count)
		// Atomic though the slot is this CPU's own: an interrupt's program may count in between.
		__sync_fetch_and_add(count, 1);
//: body Gauge
	bpf_map_update_elem(&gauge_$(name), &key, &value, BPF_ANY);
//: body Histogram
	bee_observe_log2(&hist_$(name)_$(unit), &key, value);
