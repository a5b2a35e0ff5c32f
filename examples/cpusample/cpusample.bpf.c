// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// cpusample: which processes use the CPUs?
//
// The program samples instead of tracing: a timer interrupts every CPU at a fixed rate (-SampleFrequency, 99 per second by default), and the
// program counts the running process. At 99 samples per second, 99 counts are one second of one CPU.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process; 0 for all. -ProcessId limits the timer itself, so that other processes are not even interrupted.
BEE_PARAM(pid_t, target_pid, 0);

struct running {
	pid_t pid;
	char comm[16];
};

// LRU: if there are more processes than entries, the least recently used entries are dropped.
BEE_LRU_HASH(counter_samples, struct running, u64, 16384);

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	struct running key = { .pid = bee_pid() };

	// 0 is the idle task: the CPU is not used.
	if (!key.pid || !bee_targeted(target_pid))
		return 0;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	bee_count(&counter_samples, &key);
	return 0;
}
