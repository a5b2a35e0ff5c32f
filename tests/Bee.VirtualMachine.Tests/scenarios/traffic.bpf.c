// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Packets of one size, by the place that sees them: the driver, traffic control both ways, a packet socket, a control group.
#include "bee.h"

BEE_LICENSE("GPL");

// A frame of the loopback interface with 333 bytes over UDP.
#define FRAME (14 + 20 + 8 + 333)

enum place { XDP, INGRESS, EGRESS, SOCKET };

BEE_HASH(counter_packets, enum place, u64, 16);

static __always_inline void count(enum place place, u32 length)
{
	if (length == FRAME)
		bee_count(&counter_packets, &place);
}

SEC("xdp")
int driver(struct xdp_md *ctx)
{
	count(XDP, ctx->data_end - ctx->data);
	return XDP_PASS;
}

SEC("tc/ingress")
int arriving(struct __sk_buff *ctx)
{
	count(INGRESS, ctx->len);
	return 0;
}

SEC("tc/egress")
int leaving(struct __sk_buff *ctx)
{
	count(EGRESS, ctx->len);
	return 0;
}

SEC("socket")
int heard(struct __sk_buff *ctx)
{
	count(SOCKET, ctx->len);
	return 0;
}
