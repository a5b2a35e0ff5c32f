// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// cpusample: who uses the CPUs?
//
// Not traced but sampled: a clock interrupts every CPU some times a second (-SampleFrequency, 99 unless told), and the
// program counts whom it finds there. At 99 samples a second, 99 counts are one second of one CPU.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process; 0 is all. -ProcessId narrows the clock itself, so that others are not even interrupted.
BEE_PARAM(pid_t, target_pid, 0);

struct running {
	pid_t pid;
	char comm[16];
};

// LRU: where there are more processes than entries, the ones that ran longest ago make room.
BEE_LRU_HASH(counter_samples, struct running, u64, 16384);

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	struct running key = { .pid = bee_pid() };

	// 0 is the idle task: nobody uses the CPU.
	if (!key.pid || !bee_targeted(target_pid))
		return 0;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	bee_count(&counter_samples, &key);
	return 0;
}
