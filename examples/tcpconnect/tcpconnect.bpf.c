// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// tcpconnect: which processes open TCP connections over IPv4, and to which addresses?
//
// Written in BumbleBee's conventions, with solo_types.h instead of bee.h. The file compiles with both tools, and the
// image runs with both. It uses kprobes, so the kernel must support them (CONFIG_KPROBES).
#include "vmlinux.h"
#include "solo_types.h"
#include "bpf/bpf_helpers.h"
#include "bpf/bpf_core_read.h"
#include "bpf/bpf_tracing.h"

char __license[] SEC("license") = "GPL";

// Only this process; 0 for all.
const volatile pid_t target_pid = 0;

struct connection {
	ipv4_addr saddr;
	ipv4_addr daddr;
};

// Each connection as an event,
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__type(value, struct connection);
} print_connections SEC(".maps");

// and the number of connections between two addresses, as entries and as a metric.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct connection);
	__type(value, u64);
} counter_connections SEC(".maps");

// A kretprobe sees the result but not the arguments, so the kprobe stores the socket here, by thread.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct sock *);
} sockets SEC(".maps");

SEC("kprobe/tcp_v4_connect")
int BPF_KPROBE(connect_enter, struct sock *sk)
{
	u64 id = bpf_get_current_pid_tgid();
	u32 tid = id;

	if (!target_pid || target_pid == id >> 32)
		bpf_map_update_elem(&sockets, &tid, &sk, BPF_ANY);
	return 0;
}

SEC("kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(connect_exit, int result)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct sock **found = bpf_map_lookup_elem(&sockets, &tid);
	struct connection key = {}, *event;
	u64 one = 1, *count;

	if (!found)
		return 0;
	if (!result) {
		key.saddr = BPF_CORE_READ(*found, __sk_common.skc_rcv_saddr);
		key.daddr = BPF_CORE_READ(*found, __sk_common.skc_daddr);
		count = bpf_map_lookup_elem(&counter_connections, &key);
		if (count)
			__sync_fetch_and_add(count, 1);
		else
			bpf_map_update_elem(&counter_connections, &key, &one, BPF_ANY);
		event = bpf_ringbuf_reserve(&print_connections, sizeof(*event), 0);
		if (event) {
			*event = key;
			bpf_ringbuf_submit(event, 0);
		}
	}
	bpf_map_delete_elem(&sockets, &tid);
	return 0;
}
