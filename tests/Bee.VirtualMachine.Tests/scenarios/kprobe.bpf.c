// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Who deletes which file?
#include "bee.h"

BEE_LICENSE("GPL");

struct deleted {
	pid_t pid;
	char comm[16];
	char path[64];
};

BEE_RING(print_deleted, struct deleted, 1 << 16);

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(deleting, int folder, struct filename *name)
{
	struct deleted *event = bee_reserve(print_deleted, struct deleted);

	if (!event)
		return 0;
	event->pid = bee_pid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_kernel_str(event->path, sizeof(event->path), BPF_CORE_READ(name, name));
	bee_submit(event);
	return 0;
}
