// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// tcpstate: how do TCP connections go from state to state, and how long do they stay in each?
//
// Most changes happen when a packet comes in, and then the process that happens to run on the CPU has nothing to do with
// them. So the process is noted when it makes a system call that changes the state, and remembered by socket.
#include "bee.h"

BEE_LICENSE("GPL");

// Only sockets of this process; 0 is all.
BEE_PARAM(pid_t, target_pid, 0);

// An enum of the program's own: Bee shows its names.
enum tcp_state {
	ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING,
	NEW_SYN_RECV, BOUND_INACTIVE,
};

// A table shows the fields in this order, as many as fit; the rest is there all the same.
struct changed {
	ktime at;
	pid_t pid;		// 0 while no process is known
	enum tcp_state from;
	enum tcp_state to;
	duration stayed;	// in the state that is left; 0 when its start was not seen
	ipv6_addr daddr;	// IPv4 addresses too, in their mapped form
	u16 dport;		// this tracepoint has the ports in the host's order already; else: net_port
	ipv6_addr saddr;
	u16 sport;
};

BEE_RING(print_changes, struct changed, 1 << 20);

struct seen {
	u64 since;
	pid_t pid;
};

// By the socket's address in the kernel, which is its own as long as it lives.
BEE_LRU_HASH(sockets, u64, struct seen, 16384);

// Whether the process that runs made this change itself: by connect, listen, or close.
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
	// A program may read its context only at fixed places, field by field; a copy of 16 bytes goes through a helper.
	BPF_CORE_READ_INTO(&event->daddr, ctx, daddr_v6);
	event->dport = ctx->dport;
	BPF_CORE_READ_INTO(&event->saddr, ctx, saddr_v6);
	event->sport = ctx->sport;
	bee_submit(event);
	return 0;
}
