The signatures of programs with a fixed context other than a packet, and the fields to read from it.
//: signature sample
int $(function)(struct bpf_perf_event_data *ctx)
//: fields sample
const void *code | @ = (const void *)PT_REGS_IP(&ctx->regs); | the interrupted instruction
//: signature address4
int $(function)(struct bpf_sock_addr *ctx)
//: fields address4
ipv4_addr address | @ = ctx->user_ip4;
net_port port | @ = ctx->user_port;
u32 protocol | @ = ctx->protocol; | 6 is TCP, 17 is UDP
//: signature address6
int $(function)(struct bpf_sock_addr *ctx)
//: fields address6
ipv6_addr address | ((u32 *)&@)[0] = ctx->user_ip6[0];\n((u32 *)&@)[1] = ctx->user_ip6[1];\n((u32 *)&@)[2] = ctx->user_ip6[2];\n((u32 *)&@)[3] = ctx->user_ip6[3]; | | 16
net_port port | @ = ctx->user_port;
u32 protocol | @ = ctx->protocol; | 6 is TCP, 17 is UDP
//: signature address_unix
int $(function)(struct bpf_sock_addr *ctx)
//: fields address_unix
u32 family | @ = ctx->user_family;
u32 type | @ = ctx->type; | 1 is a stream, 2 are datagrams
//: signature socket
int $(function)(struct bpf_sock *ctx)
//: fields socket
u32 family | @ = ctx->family; | 2 is IPv4, 10 is IPv6
u32 type | @ = ctx->type; | 1 is a stream, 2 are datagrams
u32 protocol | @ = ctx->protocol; | 6 is TCP, 17 is UDP
//: signature bound4
int $(function)(struct bpf_sock *ctx)
//: fields bound4
ipv4_addr address | @ = ctx->src_ip4;
u32 port | @ = ctx->src_port;
u32 protocol | @ = ctx->protocol; | 6 is TCP, 17 is UDP
//: signature bound6
int $(function)(struct bpf_sock *ctx)
//: fields bound6
u32 port | @ = ctx->src_port;
u32 protocol | @ = ctx->protocol; | 6 is TCP, 17 is UDP
//: signature sysctl
int $(function)(struct bpf_sysctl *ctx)
//: fields sysctl
char name[64] | bpf_sysctl_get_name(ctx, @, sizeof(@), 0); | for example net/ipv4/ip_forward | 64
bool write | @ = ctx->write;
//: signature option
int $(function)(struct bpf_sockopt *ctx)
//: fields option
s32 level | @ = ctx->level; | 1 is SOL_SOCKET, 6 is TCP
s32 option | @ = ctx->optname;
s32 length | @ = ctx->optlen;
//: before option
	// A program sees only the first page of a longer value. A length of 0 passes the whole value on.
	if (ctx->optlen > 4096)
		ctx->optlen = 0;
//: signature device
int $(function)(struct bpf_cgroup_dev_ctx *ctx)
//: fields device
u32 major | @ = ctx->major;
u32 minor | @ = ctx->minor;
u32 access | @ = ctx->access_type; | low 16 bits: device type; above: 1 create, 2 read, 4 write
