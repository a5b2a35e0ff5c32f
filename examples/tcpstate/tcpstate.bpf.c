// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// tcpstate: which states do TCP connections go through, and how long do they stay in each?
//
// Most changes are caused by an incoming packet, and then the process that happens to run on the CPU is unrelated.
// So the program records the process when it makes a system call that changes the state, and looks it up by socket.
#include "bee.h"

BEE_LICENSE("GPL");

// Only sockets of this process; 0 for all.
BEE_PARAM(pid_t, target_pid, 0);

// Bee shows the names of the program's own enums too.
enum tcp_state {
	ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING,
	NEW_SYN_RECV, BOUND_INACTIVE,
};

// A table shows the fields in this order, as many as fit. The object has all of them.
struct changed {
	ktime at;
	pid_t pid;		// 0 if the process is unknown
	enum tcp_state from;
	enum tcp_state to;
	duration stayed;	// time in the old state; 0 if its start was not seen
	ipv6_addr daddr;	// IPv4 addresses in mapped form
	u16 dport;		// u16, not net_port: this tracepoint has ports in host byte order
	ipv6_addr saddr;
	u16 sport;
};

BEE_RING(print_changes, struct changed, 1 << 20);

struct seen {
	u64 since;
	pid_t pid;
};

// By the socket's address in the kernel, which is unique while the socket exists.
BEE_LRU_HASH(sockets, u64, struct seen, 16384);

// Whether the current process caused this change itself: by connect, listen, or close.
static __always_inline bool by_process(int to)
{
	return to == SYN_SENT || to == LISTEN || to == FIN_WAIT1 || to == LAST_ACK;
}

SEC("tracepoint/sock/inet_sock_set_state")
int set_state(struct trace_event_raw_inet_sock_set_state *ctx)
{
	u64 now = bpf_ktime_get_ns(), socket = (u64)ctx->skaddr, since = 0;
	int from = ctx->oldstate, to = ctx->newstate;
	struct seen new = {}, *known;
	struct changed *event;

	if (ctx->protocol != IPPROTO_TCP)
		return 0;
	known = bpf_map_lookup_elem(&sockets, &socket);
	if (known) {
		new = *known;
		since = known->since;
	}
	if (!new.pid && by_process(to))
		new.pid = bee_pid();
	if (target_pid && new.pid != target_pid)
		return 0;
	new.since = now;
	if (to == CLOSE)
		bpf_map_delete_elem(&sockets, &socket);
	else
		bpf_map_update_elem(&sockets, &socket, &new, BPF_ANY);

	event = bee_reserve(print_changes, struct changed);
	if (!event)
		return 0;
	event->at = now;
	event->pid = new.pid;
	event->from = from;
	event->to = to;
	event->stayed = since ? now - since : 0;
	// A program may access its context only field by field at constant offsets, so 16 bytes are copied with a helper.
	BPF_CORE_READ_INTO(&event->daddr, ctx, daddr_v6);
	event->dport = ctx->dport;
	BPF_CORE_READ_INTO(&event->saddr, ctx, saddr_v6);
	event->sport = ctx->sport;
	bee_submit(event);
	return 0;
}
