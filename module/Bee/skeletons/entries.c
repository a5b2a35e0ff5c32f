An entry for each combination of labels, in a hash map that Bee reads at each interval.
//: declarations
// What tells entries apart. Keys are compared byte by byte: every byte that is no field must be zero, as {} makes it.
struct $(name)_labels {
	$(labels)
};

$(map)
//: map Print
// What an entry says: how often it happened, and what the last time was like.
struct $(name)_latest {
	u64 times;
	ktime at;
	$(otherfields)
};

// A name that begins with print_ makes Bee stream the entries, each when it has changed. A full LRU hash drops the
// entry unused longest; a plain one (BEE_HASH) refuses new keys.
BEE_LRU_HASH(print_$(name), struct $(name)_labels, struct $(name)_latest, 8192);
//: map Counter
// A name that begins with counter_ makes Bee stream the entries, each when it has changed, and a metric that only grows.
// 8192 keys find room; a full map refuses new ones, where an LRU hash (BEE_LRU_HASH) would drop old counts.
BEE_HASH(counter_$(name), struct $(name)_labels, u64, 8192);
//: map Gauge
// A name that begins with gauge_ makes Bee stream the entries, each when it has changed, and a metric that goes up and
// down. A full LRU hash drops the entry unused longest.
BEE_LRU_HASH(gauge_$(name), struct $(name)_labels, $(valuetype), 8192);
//: map Histogram
// A name that begins with hist_ makes a histogram for each key; the end of the name is the unit. Only counts of powers of
// two are kept: a million values cost no more than one.
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
		// Two CPUs may come here for one key: only the first creates it.
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
