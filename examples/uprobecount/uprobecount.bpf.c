// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// uprobecount: how often does a process call a function, and on which threads?
//
// A uprobe is a breakpoint in a program or library. Each call costs some microseconds, in every process that has mapped the file.
// -ProcessId limits the breakpoint to one process; a filter in this program would not spare the others.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process; 0 for all processes with the breakpoint.
BEE_PARAM(pid_t, target_pid, 0);

struct caller {
	pid_t pid;
	pid_t tid;
	char comm[16];
};

BEE_LRU_HASH(counter_calls, struct caller, u64, 16384);

// -AttachTo @{ called = 'libc.so.6:fopen' } counts another function, or several: 'libc.so.6:mem*'.
SEC("uprobe/libc.so.6:malloc")
int called(struct pt_regs *ctx)
{
	struct caller key = { .pid = bee_pid(), .tid = bee_tid() };

	if (!bee_targeted(target_pid))
		return 0;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	bee_count(&counter_calls, &key);
	return 0;
}
