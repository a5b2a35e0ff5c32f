/* Programs that are run on given input. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "GPL";
const volatile __u32 threshold = 0;

struct seen { __u32 length; __u16 protocol; };
struct call { __u32 a; __u32 b; __u64 sum; };

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); __type(value, struct seen); } print_seen SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, __u64); } counter_lengths SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, __u8); } deny SEC(".maps");

/* Swaps the addresses, reports and counts; drops what is denied by its length. */
SEC("xdp") int swap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *frame = data;
	__u32 length = end - data;
	__u64 one = 1, *count;
	struct seen seen = {};

	if ((void *)(frame + 1) > end)
		return XDP_ABORTED;
	seen.length = length;
	seen.protocol = bpf_ntohs(frame->h_proto);
	bpf_ringbuf_output(&print_seen, &seen, sizeof(seen), 0);
	count = bpf_map_lookup_elem(&counter_lengths, &length);
	if (count)
		*count += 1;
	else
		bpf_map_update_elem(&counter_lengths, &length, &one, BPF_ANY);
	if (bpf_map_lookup_elem(&deny, &length))
		return XDP_DROP;
	/* Metadata stands before the packet. */
	if ((void *)(long)ctx->data_meta + 4 <= data && *(__u32 *)(long)ctx->data_meta == 7)
		return XDP_TX;
	for (int i = 0; i < ETH_ALEN; i++) {
		unsigned char byte = frame->h_dest[i];

		frame->h_dest[i] = frame->h_source[i];
		frame->h_source[i] = byte;
	}
	return XDP_PASS;
}

SEC("tc") int mark(struct __sk_buff *skb)
{
	bpf_printk("mark %u", skb->mark);
	skb->mark += 1;
	return skb->len > threshold ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("socket") int keep(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("cgroup_skb/egress") int pass(struct __sk_buff *skb)
{
	return 1;
}

SEC("lwt_xmit") int tunnel(struct __sk_buff *skb)
{
	return 128;
}

SEC("flow_dissector") int dissect(struct __sk_buff *skb)
{
	skb->flow_keys->thoff = 34;
	return BPF_OK;
}

SEC("netfilter") int filter(void *ctx)
{
	return 1;
}

SEC("raw_tp/sched_switch") int arguments(struct bpf_raw_tracepoint_args *ctx)
{
	struct seen seen = { .length = ctx->args[0] + ctx->args[1], .protocol = bpf_get_smp_processor_id() };

	bpf_ringbuf_output(&print_seen, &seen, sizeof(seen), 0);
	return ctx->args[2];
}

__u64 last;

SEC("syscall") int add(struct call *call)
{
	call->sum = (__u64)call->a + call->b;
	last = call->sum;
	return call->sum > 100 ? -22 : 0;
}

SEC("sk_lookup") int assign(struct bpf_sk_lookup *ctx)
{
	return ctx->local_port == 80 ? SK_PASS : SK_DROP;
}

SEC("tracepoint/syscalls/sys_enter_getpgid") int traced(void *ctx)
{
	return 0;
}

/* The kernel has no such function, so loading this one fails. */
SEC("fentry/bee_has_no_such_function") int absent(void *ctx)
{
	return 0;
}

SEC("?xdp") int optional(struct xdp_md *ctx)
{
	return XDP_REDIRECT;
}
