// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// xdpcount: which hosts send packets to an interface, and how many?
//
// xdp is the earliest hook: it runs before the kernel parses the packet, and in the driver if the driver supports it. So counting
// costs very little even under a flood. Every packet is passed on.
#include "bee.h"

BEE_LICENSE("GPL");

// Only packets of this protocol number; 0 for all.
BEE_PARAM(u32, only_protocol, 0);

enum protocol { HOPOPT = 0, ICMP = 1, IGMP = 2, TCP = 6, UDP = 17, GRE = 47, ESP = 50, ICMPV6 = 58, SCTP = 132 };

// IPv4 addresses are mapped to IPv6 as ::ffff:192.0.2.1, so that one key type suffices.
struct sender {
	ipv6_addr from;
	enum protocol protocol;
};

struct traffic {
	u64 packets;
	byte_size bytes;
};

// LRU: if there are more senders than entries, the least recently used entries are dropped.
BEE_LRU_HASH(counter_traffic, struct sender, struct traffic, 16384);

static __always_inline void count(struct sender *key, u64 bytes)
{
	struct traffic none = {}, *seen;

	if (only_protocol && key->protocol != only_protocol)
		return;
	seen = bpf_map_lookup_elem(&counter_traffic, key);
	if (!seen) {
		bpf_map_update_elem(&counter_traffic, key, &none, BPF_NOEXIST);
		seen = bpf_map_lookup_elem(&counter_traffic, key);
		if (!seen)
			return;
	}
	__sync_fetch_and_add(&seen->packets, 1);
	__sync_fetch_and_add(&seen->bytes, bytes);
}

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *frame = data;
	struct sender key = {};

	// The verifier requires proof that reads stay within the packet.
	if ((void *)(frame + 1) > end)
		return XDP_PASS;
	if (frame->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(frame + 1);

		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		key.from.bytes[10] = key.from.bytes[11] = 0xff;
		__builtin_memcpy(&key.from.bytes[12], &ip->saddr, 4);
		key.protocol = ip->protocol;
	} else if (frame->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(frame + 1);

		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		__builtin_memcpy(&key.from, &ip->saddr, 16);
		key.protocol = ip->nexthdr;
	} else {
		return XDP_PASS;
	}
	count(&key, end - data);
	return XDP_PASS;
}
