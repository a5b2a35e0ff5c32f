// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Files named "kept" are not deleted.
#include "bee.h"

BEE_LICENSE("GPL");

struct refused {
	pid_t pid;
	uid_t uid;
	char comm[16];
};

BEE_RING(print_refused, struct refused, 1 << 16);

SEC("lsm/inode_unlink")
int BPF_PROG(keep, struct inode *folder, struct dentry *dentry, int result)
{
	struct refused *event;
	char name[8];

	// What an earlier program decided stands.
	if (result)
		return result;
	bpf_probe_read_kernel_str(name, sizeof(name), dentry->d_name.name);
	if (bpf_strncmp(name, sizeof("kept"), "kept"))
		return 0;
	event = bee_reserve(print_refused, struct refused);
	if (event) {
		event->pid = bee_pid();
		event->uid = bee_uid();
		bpf_get_current_comm(event->comm, sizeof(event->comm));
		bee_submit(event);
	}
	return -1;
}
