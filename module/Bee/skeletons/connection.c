A program that runs at steps in the life of a TCP connection. The current process is unrelated: a packet triggers the program.
//: filter
// Only connections of this local port; 0 for all. Parameters are set from outside: -Parameter @{ local_port = 443 }.
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
duration round_trip | @ = (ctx->srtt_us >> 3) * 1000ull; | TCP's smoothed estimate
//: signature
int $(function)(struct bpf_sock_ops *ctx)
//: value
duration took | @ = value; | the round trip
//: unit
ns
//: valuelocals
	u64 value = (ctx->srtt_us >> 3) * 1000ull;
