Numbered slots that exist from the start: here, one for each CPU.
//: declarations
$(map)
//: map Print
// The value of a slot: how often it happened on this CPU, and the details of the last time.
struct $(name)_latest {
	u64 times;
	ktime at;
	$(fields)
};

// Bee streams a map whose name begins with print_: each slot when it has changed. The key is an index: here, the CPU's
// number. There is no slot for CPUs above 255, so their events are ignored.
BEE_ARRAY(print_$(name), struct $(name)_latest, 256);
//: map Counter
// Bee streams a map whose name begins with counter_ (each slot when it has changed), and serves it as a metric that only
// grows. The key is an index: here, the CPU's number. Events on CPUs above 255 are not counted.
BEE_ARRAY(counter_$(name), u64, 256);
//: map Gauge
// Bee streams a map whose name begins with gauge_ (each slot when it has changed), and serves it as a metric that goes up
// and down. The key is an index: here, the CPU's number. There is no slot for CPUs above 255.
BEE_ARRAY(gauge_$(name), $(valuetype), 256);
//: map Histogram
// Bee shows a map whose name begins with hist_ as a histogram. The end of the name is the unit. Only counts for powers of
// two are stored: a million values need no more memory than one. Each CPU counts separately, and Bee adds them up.
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
		// Atomic, although only this CPU uses the slot: a program in an interrupt may count in between.
		__sync_fetch_and_add(count, 1);
//: body Gauge
	bpf_map_update_elem(&gauge_$(name), &key, &value, BPF_ANY);
//: body Histogram
	bee_observe_log2(&hist_$(name)_$(unit), &key, value);
