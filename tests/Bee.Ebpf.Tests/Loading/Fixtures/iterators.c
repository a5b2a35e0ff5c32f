/* Iterators over tasks: one writes text, one the struct that its variable declares. Both keep to the target. */
#include "fixture.h"

#define KERNEL __attribute__((preserve_access_index))

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} KERNEL;

struct task_struct {
	int pid;
	int tgid;
} KERNEL;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} KERNEL;

struct task_entry {
	__s32 pid;
	__s32 tgid;
};

const struct task_entry *iter_record__tasks_as_structs;

SEC("iter/task")
int tasks_as_structs(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	if (!task || task->tgid != target_pid)
		return 0;
	struct task_entry entry = { .pid = task->pid, .tgid = task->tgid };
	bpf_seq_write(context->meta->seq, &entry, sizeof(entry));
	return 0;
}

SEC("iter/task")
int tasks_as_text(struct bpf_iter__task *context)
{
	static const char format[] = "task %d of %d\n";
	struct task_struct *task = context->task;
	if (!task || task->tgid != target_pid)
		return 0;
	__u64 values[] = { task->pid, task->tgid };
	bpf_seq_printf(context->meta->seq, format, sizeof(format), values, sizeof(values));
	return 0;
}
