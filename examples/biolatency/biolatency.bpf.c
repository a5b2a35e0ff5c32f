// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// biolatency: how long do disks take to complete requests?
//
// Aggregated in the kernel, from the moment when a request is issued to the driver until the driver reports its completion.
#include "bee.h"

BEE_LICENSE("GPL");

// Only requests that this process issues itself; 0 for all. Most writes are issued later, by a kernel thread.
BEE_PARAM(pid_t, target_pid, 0);

// The loader fills in the kernel's version.
extern int LINUX_KERNEL_VERSION __kconfig;

// The lowest byte of a request's flags. Bee shows the names of the program's own enums too.
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

// Bee shows a map whose name begins with hist_ as histograms; _ns is the unit.
BEE_HISTOGRAM(hist_block_ns, struct request_kind, 1024);

// When the driver got a request, by the request's address.
BEE_LRU_HASH(issued, u64, u64, 16384);

// The location of the disk before Linux 5.17. The suffix after ___ is ignored when the type is looked up in the running kernel.
struct request___older {
	struct gendisk *rq_disk;
};

// Before Linux 5.11 the queue was the first argument. The verifier treats the version as a constant, so it ignores the code for other versions.
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

// The request and its status. The third argument, the number of bytes, is not used. All versions have the same arguments.
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
