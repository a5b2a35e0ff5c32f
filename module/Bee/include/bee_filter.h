/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Who is running, and whether it is meant. Ids are those of the first pid namespace, the host's.
 * Include through bee.h.
 */
#ifndef BEE_FILTER_H
#define BEE_FILTER_H

/* The process: what people call its pid, the kernel its tgid. */
static __always_inline pid_t bee_pid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* The thread: the kernel's pid. */
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

/* Whether this process is the one wanted; 0 wants all. */
static __always_inline bool bee_targeted(pid_t wanted)
{
	return !wanted || wanted == bee_pid();
}

#ifdef __VMLINUX_H__
/* The parent's pid. */
static __always_inline pid_t bee_parent_pid(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, real_parent, tgid);
}

/* Whether this process or its parent is the one wanted; 0 wants all. For what a shell's children do. */
static __always_inline bool bee_targeted_child(pid_t wanted)
{
	return bee_targeted(wanted) || wanted == bee_parent_pid();
}
#endif

#endif
