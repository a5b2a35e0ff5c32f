// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// No folder may be named "forbidden".
#include "bee.h"

BEE_LICENSE("GPL");

struct refused {
	pid_t pid;
	char comm[16];
};

BEE_RING(print_refused, struct refused, 1 << 16);

SEC("fmod_ret/security_inode_mkdir")
int BPF_PROG(refuse, struct inode *folder, struct dentry *dentry, umode_t mode, int result)
{
	struct refused *event;
	char name[16];

	bpf_probe_read_kernel_str(name, sizeof(name), dentry->d_name.name);
	if (bpf_strncmp(name, sizeof("forbidden"), "forbidden"))
		return 0;
	event = bee_reserve(print_refused, struct refused);
	if (event) {
		event->pid = bee_pid();
		bpf_get_current_comm(event->comm, sizeof(event->comm));
		bee_submit(event);
	}
	return -13;
}
