/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The current process and thread, and filters for them. Ids are those of the initial pid namespace (the host's).
 * Include through bee.h.
 */
#ifndef BEE_FILTER_H
#define BEE_FILTER_H

/* The process id, which the kernel calls tgid. */
static __always_inline pid_t bee_pid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* The thread id, which the kernel calls pid. */
static __always_inline pid_t bee_tid(void)
{
	return (__u32)bpf_get_current_pid_tgid();
}

static __always_inline uid_t bee_uid(void)
{
	return (__u32)bpf_get_current_uid_gid();
}

static __always_inline gid_t bee_gid(void)
{
	return bpf_get_current_uid_gid() >> 32;
}

/* Returns whether the current process is the wanted one; always true for 0. */
static __always_inline bool bee_targeted(pid_t wanted)
{
	return !wanted || wanted == bee_pid();
}

#ifdef __VMLINUX_H__
/* The process id of the parent. */
static __always_inline pid_t bee_parent_pid(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, real_parent, tgid);
}

/* Returns whether the current process or its parent is the wanted one; always true for 0. Useful to trace the children of a shell. */
static __always_inline bool bee_targeted_child(pid_t wanted)
{
	return bee_targeted(wanted) || wanted == bee_parent_pid();
}
#endif

#endif
