/* Fills a ring with a million events of 64 containers in turn, when told to: only the reading is measured. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "events.h"

#define CONTAINERS 64

char LICENSE[] SEC("license") = "GPL";

typedef __u64 cgroup_id;

struct placed {
	cgroup_id cgroup;
	struct event event;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 128 * 1024 * 1024);
	__type(value, struct placed);
} print_events SEC(".maps");

/* The ids of the cgroups, written by the reader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONTAINERS);
	__type(key, __u32);
	__type(value, __u64);
} cgroups SEC(".maps");

static long add_event(__u32 number, void *unused)
{
	__u32 container = number % CONTAINERS;
	__u64 *cgroup = bpf_map_lookup_elem(&cgroups, &container);
	struct placed *placed = cgroup ? bpf_ringbuf_reserve(&print_events, sizeof(*placed), 0) : 0;
	if (!placed)
		return 1;
	__builtin_memset(placed, 0, sizeof(*placed));
	placed->cgroup = *cgroup;
	placed->event.pid = number;
	placed->event.seq = number;
	/* No wake-up is needed: the reader comes afterwards. */
	bpf_ringbuf_submit(placed, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("syscall")
int fill_ring(void *context)
{
	return bpf_loop(EVENTS, add_event, 0, 0);
}
