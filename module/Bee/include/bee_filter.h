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

/* The id of the cgroup (v2) of the current process. */
static __always_inline cgroup_id bee_cgroup_id(void)
{
	return bpf_get_current_cgroup_id();
}

/*
 * The cgroups and mount namespaces that -Container, -Pod and -Namespace select; Bee keeps the map filled while containers come and go. A
 * mount namespace has the highest bit of its key set. One entry, because most runs have no limit: Bee enlarges the map for those that do.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u8);
} bee_targets SEC(".maps") __weak;

#ifdef __VMLINUX_H__
/* The id of the mount namespace of the current process; 0 if it is about to exit. */
static __always_inline mntns_id bee_mntns_id(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

/* Whether Bee limits the tool. A constant for the verifier, which drops the lookup without a limit. */
static const volatile bool bee_targets_only __attribute__((unused));

#define BEE_TARGET_DEPTH 10

static __noinline __attribute__((unused)) int bee_is_target(void)
{
	__u64 key = 1ULL << 63 | bee_mntns_id();

	if (bpf_map_lookup_elem(&bee_targets, &key))
		return 1;
	/* A container may create cgroups of its own below the one that Bee knows. */
#pragma unroll
	for (int level = 1; level <= BEE_TARGET_DEPTH; level++) {
		key = bpf_get_current_ancestor_cgroup_id(level);
		if (!key)
			return 0;
		if (bpf_map_lookup_elem(&bee_targets, &key))
			return 1;
	}
	return 0;
}

/*
 * Returns whether the current process belongs to a container that -Container, -Pod or -Namespace selects; always true without these
 * parameters. For programs that run in the process that they observe, which iterators, timers and most network programs do not.
 */
static __always_inline bool bee_targeted_here(void)
{
	return !bee_targets_only || bee_is_target();
}

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
