// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Which folders does a process make through the C library, and what does it get back?
#include "bee.h"

BEE_LICENSE("GPL");

struct made {
	pid_t pid;
	s32 result;
	char path[64];
};

BEE_RING(print_made, struct made, 1 << 16);
BEE_HASH(calls, u32, struct made, 1024);

SEC("uprobe//lib/libc.so.6:mkdir")
int BPF_KPROBE(making, const char *path)
{
	struct made call = { .pid = bee_pid() };
	u32 tid = bee_tid();

	bpf_probe_read_user_str(call.path, sizeof(call.path), path);
	bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

SEC("uretprobe//lib/libc.so.6:mkdir")
int BPF_KRETPROBE(made, int result)
{
	u32 tid = bee_tid();
	struct made *call = bpf_map_lookup_elem(&calls, &tid);

	if (!call)
		return 0;
	call->result = result;
	bee_output(print_made, call, sizeof(*call));
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}
