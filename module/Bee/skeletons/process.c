A program that runs in the process that it observes. The measured value is the time since the same thread last ran it.
//: arguments
 -Parameter @{ target_pid = 42 }
//: filter
// Only this process; 0 for all. Parameters are set from outside: -Parameter @{ target_pid = 42 }.
BEE_PARAM(pid_t, target_pid, 0);
//: guard
	if (!bee_targeted(target_pid))
		return $(pass);
//: labels
pid_t pid | @ = bee_pid();
char comm[16] | bpf_get_current_comm(@, sizeof(@)); | the thread's name | 16
//: value
duration since | @ = value; | since this thread's previous event
//: unit
ns
//: state
// The time of each thread's previous event. The map's name has no known prefix, so Bee does not stream it.
BEE_LRU_HASH($(name)_before, u32, u64, 8192);
//: valuelocals
	u32 thread = bee_tid();
	u64 now = bpf_ktime_get_ns(), value = 0;
	u64 *before;
//: measure

	before = bpf_map_lookup_elem(&$(name)_before, &thread);
	if (before)
		value = now - *before;
	bpf_map_update_elem(&$(name)_before, &thread, &now, BPF_ANY);
	if (!value)
		return $(pass);
