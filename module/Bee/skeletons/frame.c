A program that runs for a packet in the network driver. The packet is raw bytes, and each access needs a bounds check.
//: filter
// Only packets of at least this length; 0 for all. Parameters are set from outside: -Parameter @{ least_length = 1000 }.
BEE_PARAM(u32, least_length, 0);
//: locals
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *link = data;
//: guard
	// The bounds check. Without it the verifier rejects the program.
	if ((void *)(link + 1) > end || end - data < least_length)
		return $(pass);
//: labels
u32 interface | @ = ctx->ingress_ifindex; | the interface's number
be16 protocol | @ = link->h_proto; | 2048 is IPv4, 34525 is IPv6
//: fields
byte_size length | @ = end - data;
mac_addr from | __builtin_memcpy(@, link->h_source, sizeof(@));
mac_addr to | __builtin_memcpy(@, link->h_dest, sizeof(@));
//: signature
int $(function)(struct xdp_md *ctx)
//: value
byte_size size | @ = value;
//: unit
bytes
//: valuelocals
	u64 value = end - data;
