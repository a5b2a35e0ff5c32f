// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The recorder: which cgroup is a process in, and which cgroup was a mount namespace created in?
//
// The answers are in two arrays that user space maps, so that a lookup is a load from memory, and that stay right when the process has exited. Cgroups that come and go, and new mount namespaces,
// are also reported through a ring buffer. bpf_get_current_cgroup_id() returns the same ids.
//
// Types are declared here as far as they are used; CO-RE relocates them. Only raw tracepoints, fentry and an iterator are used, whose contexts are the same on all architectures.

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

enum { false, true };

enum bpf_map_type { BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_F_MMAPABLE = 1 << 10 };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "Dual BSD/GPL";

#define KERNEL __attribute__((preserve_access_index))

struct kernfs_node {
	__u64 id;
} KERNEL;

struct cgroup_root {
	int hierarchy_id;
} KERNEL;

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
} KERNEL;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
} KERNEL;

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
} KERNEL;

enum cgroup_subsys_id { pids_cgrp_id, memory_cgrp_id, devices_cgrp_id, freezer_cgrp_id, cpu_cgrp_id };

struct ns_common {
	unsigned int inum;
} KERNEL;

// Linux 6.18 and later.
struct ns_common___id {
	__u64 ns_id;
} KERNEL;

struct mnt_namespace {
	struct ns_common ns;
} KERNEL;

// Before Linux 6.18.
struct mnt_namespace___seq {
	__u64 seq;
} KERNEL;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
} KERNEL;

struct task_struct {
	int pid;
	int tgid;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
} KERNEL;

struct bpf_iter__task {
	void *meta;
	struct task_struct *task;
} KERNEL;

// The controller whose hierarchy (v1) tells containers apart: 0 for none, else the position in enum cgroup_subsys_id above, from 1; and the number of the hierarchy.
const volatile __u32 controller = 0;
const volatile __u32 hierarchy = 0;

// Records that did not fit into the ring buffer.
__u64 lost = 0;

enum { PROCESSES = 65536, NAMESPACES = 32768, PATH = 512, NUMBER_SHIFT = 48 };

// A reader takes no lock. The check makes entries that are half-written, or belong to another key, look empty: (cgroup ^ check) tells the key and, if there is one, the generation.
struct process {
	__u64 cgroup;
	__u64 check;
};

struct namespace {
	__u64 cgroup;
	__u64 check;
	// Differs between namespaces that have had the same inode number.
	__u64 generation;
	// The process that was seen in the namespace first.
	__u64 owner;
};

#define PROCESS_FACTOR 0x9e3779b97f4a7c15ull
#define NAMESPACE_FACTOR 0xc2b2ae3d27d4eb4full
#define GENERATION_FACTOR 0x165667b19e3779f9ull

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROCESSES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct process);
} bee_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NAMESPACES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct namespace);
} bee_namespaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 512 * 1024);
} bee_changes SEC(".maps");

enum kind { CREATED = 1, REMOVED = 2, NAMESPACE = 3 };

struct change {
	__u32 kind;
	// The user who created the cgroup.
	__u32 user;
	__u64 cgroup;
	__u64 inode;
};

struct creation {
	struct change change;
	char path[PATH];
};

static __always_inline void count_lost(void)
{
	__sync_fetch_and_add(&lost, 1);
}

static __always_inline __u64 key_of(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, kn, id) | (__u64)BPF_CORE_READ(cgroup, root, hierarchy_id) << NUMBER_SHIFT;
}

static __always_inline bool is_followed(struct cgroup *cgroup)
{
	__u32 number = BPF_CORE_READ(cgroup, root, hierarchy_id);
	return number == 0 || (controller && number == hierarchy);
}

static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	if (controller) {
		__u32 index = 0;
		switch (controller) {
		case 1: index = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id); break;
		case 2: index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id); break;
		case 3: index = bpf_core_enum_value(enum cgroup_subsys_id, devices_cgrp_id); break;
		case 4: index = bpf_core_enum_value(enum cgroup_subsys_id, freezer_cgrp_id); break;
		case 5: index = bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id); break;
		}

		struct cgroup_subsys_state *state = 0;
		bpf_probe_read_kernel(&state, sizeof(state), (void *)set->subsys + index * sizeof(state));
		struct cgroup *cgroup = BPF_CORE_READ(state, cgroup);
		if (BPF_CORE_READ(cgroup, level) > 0)
			return key_of(cgroup);
	}

	return key_of(BPF_CORE_READ(set, dfl_cgrp));
}

static __always_inline __u64 generation_of(struct mnt_namespace *mounts)
{
	struct ns_common___id *common = (void *)&mounts->ns;
	if (bpf_core_field_exists(common->ns_id))
		return BPF_CORE_READ(common, ns_id);
	struct mnt_namespace___seq *sequenced = (void *)mounts;
	if (bpf_core_field_exists(sequenced->seq))
		return BPF_CORE_READ(sequenced, seq);
	return (__u64)mounts;
}

static __always_inline void record_process(__u32 tgid, __u64 cgroup)
{
	__u32 index = tgid & (PROCESSES - 1);
	struct process *entry = bpf_map_lookup_elem(&bee_processes, &index);
	if (!entry)
		return;
	entry->cgroup = cgroup;
	entry->check = cgroup ^ tgid * PROCESS_FACTOR;
}

// Records the cgroup that a mount namespace was created in. Processes of other cgroups may enter it later, so the first one counts, and where that one goes.
static __always_inline void record_namespace(struct mnt_namespace *mounts, __u32 tgid, __u64 cgroup, bool moved)
{
	if (!mounts)
		return;
	__u64 inode = BPF_CORE_READ(mounts, ns.inum), generation = generation_of(mounts);
	// Two entries are possible. The same namespace's is used, else one of the same inode number, else the older one.
	__u32 index = inode & (NAMESPACES - 1), other_index = index ^ 1;
	struct namespace *entry = bpf_map_lookup_elem(&bee_namespaces, &index), *other = bpf_map_lookup_elem(&bee_namespaces, &other_index);
	if (!entry || !other)
		return;
	__u64 inode_key = inode * NAMESPACE_FACTOR, key = inode_key ^ generation * GENERATION_FACTOR;
	bool is_other = (other->cgroup ^ other->check) == key;
	bool is_same = is_other || (entry->cgroup ^ entry->check) == key;
	if (!is_same) {
		bool reuses_other = (other->cgroup ^ other->check ^ other->generation * GENERATION_FACTOR) == inode_key;
		bool reuses = (entry->cgroup ^ entry->check ^ entry->generation * GENERATION_FACTOR) == inode_key;
		is_other = reuses_other || (!reuses && other->generation < entry->generation);
	}

	if (is_other)
		entry = other;
	if (is_same && !(moved && entry->owner == tgid && entry->cgroup != cgroup))
		return;
	entry->check = 0;
	entry->cgroup = cgroup;
	entry->generation = generation;
	entry->owner = tgid;
	entry->check = cgroup ^ key;

	struct change *change = bpf_ringbuf_reserve(&bee_changes, sizeof(*change), 0);
	if (!change) {
		count_lost();
		return;
	}

	change->kind = NAMESPACE;
	change->user = 0;
	change->cgroup = cgroup;
	change->inode = inode;
	bpf_ringbuf_submit(change, 0);
}

// TP_PROTO(struct cgroup *cgrp, const char *path)
SEC("raw_tp/cgroup_mkdir")
int bee_mkdir(__u64 *ctx)
{
	struct cgroup *cgroup = (void *)ctx[0];
	if (!is_followed(cgroup))
		return 0;
	struct creation *creation = bpf_ringbuf_reserve(&bee_changes, sizeof(*creation), 0);
	if (!creation) {
		count_lost();
		return 0;
	}

	creation->change.kind = CREATED;
	creation->change.user = bpf_get_current_uid_gid();
	creation->change.cgroup = key_of(cgroup);
	creation->change.inode = 0;
	if (bpf_probe_read_kernel_str(creation->path, sizeof(creation->path), (void *)ctx[1]) < 0)
		creation->path[0] = 0;
	bpf_ringbuf_submit(creation, 0);
	return 0;
}

SEC("raw_tp/cgroup_rmdir")
int bee_rmdir(__u64 *ctx)
{
	struct cgroup *cgroup = (void *)ctx[0];
	if (!is_followed(cgroup))
		return 0;
	struct change *change = bpf_ringbuf_reserve(&bee_changes, sizeof(*change), 0);
	if (!change) {
		count_lost();
		return 0;
	}

	change->kind = REMOVED;
	change->user = 0;
	change->cgroup = key_of(cgroup);
	change->inode = 0;
	bpf_ringbuf_submit(change, 0);
	return 0;
}

// TP_PROTO(struct cgroup *dst_cgrp, const char *path, struct task_struct *task, bool threadgroup)
SEC("raw_tp/cgroup_attach_task")
int bee_attach(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[2];
	__u32 tgid = BPF_CORE_READ(task, tgid);
	if (!is_followed((void *)ctx[0]) || BPF_CORE_READ(task, pid) != tgid)
		return 0;
	__u64 cgroup = cgroup_of(task);
	record_process(tgid, cgroup);
	record_namespace(BPF_CORE_READ(task, nsproxy, mnt_ns), tgid, cgroup, true);
	return 0;
}

// TP_PROTO(struct task_struct *parent, struct task_struct *child). The child has not run yet.
SEC("raw_tp/sched_process_fork")
int bee_fork(__u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	__u32 tgid = BPF_CORE_READ(child, tgid);
	if (BPF_CORE_READ(child, pid) != tgid)
		return 0;
	__u64 cgroup = cgroup_of(child);
	record_process(tgid, cgroup);
	record_namespace(BPF_CORE_READ(child, nsproxy, mnt_ns), tgid, cgroup, false);
	return 0;
}

// TP_PROTO(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm). systemd creates the mount namespace of a service just before.
SEC("raw_tp/sched_process_exec")
int bee_exec(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	record_namespace(BPF_CORE_READ(task, nsproxy, mnt_ns), BPF_CORE_READ(task, tgid), cgroup_of(task), false);
	return 0;
}

// void switch_task_namespaces(struct task_struct *p, struct nsproxy *new): unshare(2), setns(2), and the exit of a process, with null.
SEC("?fentry/switch_task_namespaces")
int bee_switch(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct nsproxy *spaces = (void *)ctx[1];
	if (spaces)
		record_namespace(BPF_CORE_READ(spaces, mnt_ns), BPF_CORE_READ(task, tgid), cgroup_of(task), false);
	return 0;
}

// The processes that run already, in the order of their ids.
SEC("iter/task")
int bee_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (!task || task->pid != task->tgid)
		return 0;
	__u64 cgroup = cgroup_of(task);
	record_process(task->tgid, cgroup);
	record_namespace(BPF_CORE_READ(task, nsproxy, mnt_ns), task->tgid, cgroup, false);
	return 0;
}
