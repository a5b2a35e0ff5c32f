A program that runs for a packet in the kernel's network stack. There is no related process.
//: filter
// Only packets of at least this length; 0 for all. Parameters are set from outside: -Parameter @{ least_length = 1000 }.
BEE_PARAM(u32, least_length, 0);
//: guard
	if (ctx->len < least_length)
		return $(pass);
//: labels
u32 interface | @ = ctx->ifindex; | the interface's number
be16 protocol | @ = ctx->protocol; | 2048 is IPv4, 34525 is IPv6
//: fields
byte_size length | @ = ctx->len;
ipv4_addr from | bpf_skb_load_bytes_relative(ctx, 12, &@, sizeof(@), BPF_HDR_START_NET); | of an IPv4 packet
ipv4_addr to | bpf_skb_load_bytes_relative(ctx, 16, &@, sizeof(@), BPF_HDR_START_NET);
//: signature
int $(function)(struct __sk_buff *ctx)
//: value
byte_size size | @ = value;
//: unit
bytes
//: valuelocals
	u64 value = ctx->len;
