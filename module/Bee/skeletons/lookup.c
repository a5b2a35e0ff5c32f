A program that runs when the kernel looks up the socket for a packet. The measured value is the time since the previous lookup.
//: filter
// Only packets for this local port; 0 for all. Parameters are set from outside: -Parameter @{ local_port = 443 }.
BEE_PARAM(u32, local_port, 0);
//: guard
	if (local_port && ctx->local_port != local_port)
		return $(pass);
//: labels
u32 protocol | @ = ctx->protocol; | 6 is TCP, 17 is UDP
u32 port | @ = ctx->local_port;
//: fields
ipv4_addr remote | @ = ctx->remote_ip4;
net_port remote_port | @ = ctx->remote_port;
//: signature
int $(function)(struct bpf_sk_lookup *ctx)
//: value
duration since | @ = value; | since the previous lookup
//: unit
ns
//: state
// The time of the previous lookup. The map's name has no known prefix, so Bee does not stream it.
BEE_ARRAY($(name)_before, u64, 1);
//: valuelocals
	u32 first = 0;
	u64 now = bpf_ktime_get_ns(), value = 0;
	u64 *before;
//: measure

	before = bpf_map_lookup_elem(&$(name)_before, &first);
	if (before && *before)
		value = now - *before;
	bpf_map_update_elem(&$(name)_before, &first, &now, BPF_ANY);
	if (!value)
		return $(pass);
