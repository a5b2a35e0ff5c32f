One entry for each combination of labels, in a hash map that Bee reads at each interval.
//: declarations
// The labels of an entry. Keys are compared byte by byte, so padding must be zero; {} zeroes it.
struct $(name)_labels {
	$(labels)
};

$(map)
//: map Print
// The value of an entry: how often it happened, and the details of the last time.
struct $(name)_latest {
	u64 times;
	ktime at;
	$(otherfields)
};

// Bee streams a map whose name begins with print_: each entry when it has changed. A full LRU hash drops the least
// recently used entry; a full plain hash (BEE_HASH) rejects new keys.
BEE_LRU_HASH(print_$(name), struct $(name)_labels, struct $(name)_latest, 8192);
//: map Counter
// Bee streams a map whose name begins with counter_ (each entry when it has changed), and serves it as a metric that only
// grows. A full hash rejects new keys after 8192; a full LRU hash (BEE_LRU_HASH) would drop old counts.
BEE_HASH(counter_$(name), struct $(name)_labels, u64, 8192);
//: map Gauge
// Bee streams a map whose name begins with gauge_ (each entry when it has changed), and serves it as a metric that goes
// up and down. A full LRU hash drops the least recently used entry.
BEE_LRU_HASH(gauge_$(name), struct $(name)_labels, $(valuetype), 8192);
//: map Histogram
// Bee shows a map whose name begins with hist_ as one histogram for each key. The end of the name is the unit. Only counts
// for powers of two are stored: a million values need no more memory than one.
BEE_LRU_HISTOGRAM(hist_$(name)_$(unit), struct $(name)_labels, 1024);
//: locals
	struct $(name)_labels key = {};
//: locals Print
	struct $(name)_labels key = {};
	struct $(name)_latest empty = {}, *latest;
//: labelplace
key.
//: place
latest->
//: body Print
	$(assignlabels)
	latest = bpf_map_lookup_elem(&print_$(name), &key);
	if (!latest) {
		// Two CPUs may race for the same key: only the first creates it.
		bpf_map_update_elem(&print_$(name), &key, &empty, BPF_NOEXIST);
		latest = bpf_map_lookup_elem(&print_$(name), &key);
		if (!latest)
			return $(pass);
	}
	__sync_fetch_and_add(&latest->times, 1);
	latest->at = bpf_ktime_get_ns();
	$(assignother)
//: body Counter
	$(assignlabels)
	bee_count(&counter_$(name), &key);
//: body Gauge
	$(assignlabels)
	bpf_map_update_elem(&gauge_$(name), &key, &value, BPF_ANY);
//: body Histogram
	$(assignlabels)
	bee_observe_log2(&hist_$(name)_$(unit), &key, value);
