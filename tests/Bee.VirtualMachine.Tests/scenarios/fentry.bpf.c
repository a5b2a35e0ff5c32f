// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Who makes which folder, with which mode?
#include "bee.h"

BEE_LICENSE("GPL");

struct made {
	pid_t pid;
	u16 mode;
	char path[64];
};

BEE_RING(print_made, struct made, 1 << 16);

SEC("fentry/do_mkdirat")
int BPF_PROG(making, int folder, struct filename *name, umode_t mode)
{
	struct made *event = bee_reserve(print_made, struct made);

	if (!event)
		return 0;
	event->pid = bee_pid();
	event->mode = mode;
	bpf_probe_read_kernel_str(event->path, sizeof(event->path), name->name);
	bee_submit(event);
	return 0;
}
