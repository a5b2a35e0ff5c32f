// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// biolatency: how long do disks take to do what is asked of them?
//
// Counted in the kernel, from the moment that a request is handed to the driver to the moment that the driver reports it done.
#include "bee.h"

BEE_LICENSE("GPL");

// Only requests that this process hands over itself; 0 is all. Most writes are handed over later, by a thread of the kernel.
BEE_PARAM(pid_t, target_pid, 0);

// Filled in when the program is loaded.
extern int LINUX_KERNEL_VERSION __kconfig;

// The lowest byte of a request's flags. An enum of the program's own: Bee shows its names.
enum operation {
	READ = 0,
	WRITE = 1,
	FLUSH = 2,
	DISCARD = 3,
	SECURE_ERASE = 5,
	WRITE_ZEROES = 9,
};

// One histogram for each disk and kind of request.
struct request_kind {
	char disk[32];
	enum operation op;
};

// hist_ makes Bee show histograms, and _ns tells the unit.
BEE_HISTOGRAM(hist_block_ns, struct request_kind, 1024);

// Since when the driver has had a request, by its address.
BEE_LRU_HASH(issued, u64, u64, 16384);

// Where the disk stood before Linux 5.17. What stands behind ___ is not part of a type's name when it is looked up in the running kernel.
struct request___older {
	struct gendisk *rq_disk;
};

// Before Linux 5.11 the queue came first. The version is a constant for the verifier, so it never sees the argument that is not there.
static __always_inline struct request *request_of(u64 *ctx)
{
	return (struct request *)(LINUX_KERNEL_VERSION < KERNEL_VERSION(5, 11, 0) ? ctx[1] : ctx[0]);
}

static __always_inline struct gendisk *disk_of(struct request *request)
{
	struct request___older *older = (void *)request;

	if (bpf_core_field_exists(older->rq_disk))
		return BPF_CORE_READ(older, rq_disk);
	return BPF_CORE_READ(request, q, disk);
}

SEC("tp_btf/block_rq_issue")
int issue(u64 *ctx)
{
	u64 request = (u64)request_of(ctx), now = bpf_ktime_get_ns();

	if (bee_targeted(target_pid))
		bpf_map_update_elem(&issued, &request, &now, BPF_ANY);
	return 0;
}

// The request and its status; how many bytes it was, which comes last, is not asked for. Here every version has the same.
SEC("tp_btf/block_rq_complete")
int complete(u64 *ctx)
{
	struct request *request = (struct request *)ctx[0];
	u64 address = (u64)request, took;
	struct request_kind kind = {};
	u64 *since;

	since = bpf_map_lookup_elem(&issued, &address);
	if (!since)
		return 0;
	took = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&issued, &address);
	if ((s64)took < 0)
		return 0;
	BPF_CORE_READ_STR_INTO(&kind.disk, disk_of(request), disk_name);
	kind.op = BPF_CORE_READ(request, cmd_flags) & 0xff;
	bee_observe_log2(&hist_block_ns, &kind, took);
	return 0;
}
