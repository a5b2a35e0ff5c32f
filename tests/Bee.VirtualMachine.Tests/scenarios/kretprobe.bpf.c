// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What do opens end with?
#include "bee.h"

BEE_LICENSE("GPL");

struct opened {
	char comm[16];
	errno_value result;
};

BEE_RING(print_opened, struct opened, 1 << 16);

SEC("kretprobe/do_sys_openat2")
int BPF_KRETPROBE(opened, long result)
{
	struct opened *event;

	if (result >= 0)
		return 0;
	event = bee_reserve(print_opened, struct opened);
	if (!event)
		return 0;
	event->result = result;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bee_submit(event);
	return 0;
}
