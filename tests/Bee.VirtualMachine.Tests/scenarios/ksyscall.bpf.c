// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Who sends which signal to whom, and does it work?
#include "bee.h"

BEE_LICENSE("GPL");

struct sent {
	pid_t pid;
	pid_t to;
	signal_nr signal;
	errno_value result;
};

BEE_RING(print_sent, struct sent, 1 << 16);
BEE_HASH(calls, u32, struct sent, 1024);

SEC("ksyscall/kill")
int BPF_KSYSCALL(entered, pid_t to, int signal)
{
	struct sent call = { .pid = bee_pid(), .to = to, .signal = signal };
	u32 tid = bee_tid();

	bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

SEC("kretsyscall/kill")
int BPF_KRETPROBE(left, int result)
{
	u32 tid = bee_tid();
	struct sent *call = bpf_map_lookup_elem(&calls, &tid);

	if (!call)
		return 0;
	call->result = result;
	bee_output(print_sent, call, sizeof(*call));
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}
