// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// fileslower: which file reads and writes are slow?
//
// fentry stores the start time by thread id; fexit has the arguments and the result. Only regular files: a read of a pipe or a terminal
// takes as long as the other side takes to write.
#include "bee.h"

BEE_LICENSE("GPL");

// Only this process and its direct children; 0 for all.
BEE_PARAM(pid_t, target_pid, 0);
// Only operations that took at least this long: 10ms, 500us, 0 for all.
BEE_PARAM(duration, min_duration, 10000000);

enum operation { READ, WRITE };

struct slow {
	ktime at;
	pid_t pid;
	char comm[16];
	enum operation operation;
	byte_size size;		// the requested number of bytes
	s64 done;		// the bytes that were read or written, or a negative error
	duration took;
	char file[64];		// the file name without its folders
};

BEE_RING(print_slow, struct slow, 1 << 20);

BEE_LRU_HASH(starts, u32, u64, 8192);

static __always_inline int begin(struct file *file)
{
	u32 tid = bee_tid();
	u64 now;

	if (!bee_targeted_child(target_pid) || (file->f_inode->i_mode & 0170000) != 0100000)
		return 0;
	now = bpf_ktime_get_ns();
	bpf_map_update_elem(&starts, &tid, &now, BPF_ANY);
	return 0;
}

static __always_inline int end(struct file *file, enum operation operation, u64 size, s64 done)
{
	u32 tid = bee_tid();
	u64 now = bpf_ktime_get_ns(), *start = bpf_map_lookup_elem(&starts, &tid);
	struct slow *event;
	u64 took;

	if (!start)
		return 0;
	took = now - *start;
	bpf_map_delete_elem(&starts, &tid);
	if (took < min_duration)
		return 0;
	event = bee_reserve(print_slow, struct slow);
	if (!event)
		return 0;
	event->at = now;
	event->pid = bee_pid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->operation = operation;
	event->size = size;
	event->done = done;
	event->took = took;
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), file->f_path.dentry->d_name.name);
	bee_submit(event);
	return 0;
}

SEC("fentry/vfs_read")
int BPF_PROG(read_begins, struct file *file)
{
	return begin(file);
}

SEC("fexit/vfs_read")
int BPF_PROG(read_ends, struct file *file, char *buffer, size_t count, loff_t *position, ssize_t done)
{
	return end(file, READ, count, done);
}

SEC("fentry/vfs_write")
int BPF_PROG(write_begins, struct file *file)
{
	return begin(file);
}

SEC("fexit/vfs_write")
int BPF_PROG(write_ends, struct file *file, const char *buffer, size_t count, loff_t *position, ssize_t done)
{
	return end(file, WRITE, count, done);
}
