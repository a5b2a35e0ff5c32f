A program that runs at steps of a TCP connection's life. The process at hand may be any: it is the packet's arrival that counts.
//: filter
// Only connections of this local port; 0 is all. Parameters are set from outside: -Parameter @{ local_port = 443 }.
BEE_PARAM(u32, local_port, 0);
//: guard
	if (local_port && ctx->local_port != local_port)
		return $(pass);
//: labels
u32 step | @ = ctx->op; | BPF_SOCK_OPS_... in the kernel's bpf.h; 4 connected, 5 accepted
ipv4_addr remote | @ = ctx->remote_ip4;
//: fields
u32 port | @ = ctx->local_port;
be32 remote_port | @ = ctx->remote_port;
duration round_trip | @ = (ctx->srtt_us >> 3) * 1000ull; | smoothed, as TCP has it
//: signature
int $(function)(struct bpf_sock_ops *ctx)
//: value
duration took | @ = value; | the round trip
//: unit
ns
//: valuelocals
	u64 value = (ctx->srtt_us >> 3) * 1000ull;
