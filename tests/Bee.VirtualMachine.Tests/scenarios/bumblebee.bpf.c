// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Written as a source for BumbleBee is: its header, its types, its map names, sizes instead of types in one map, and hash maps that
// are printed, counted and measured.
#include "vmlinux.h"
#include "bpf/bpf_helpers.h"
#include "bpf/bpf_core_read.h"
#include "bpf/bpf_endian.h"
#include "bpf/bpf_tracing.h"
#include "solo_types.h"

char __license[] SEC("license") = "Dual MIT/GPL";

struct dimensions_t {
	u32 pid;
	ipv4_addr daddr;
	char comm[16];
};

struct event_t {
	ipv4_addr saddr;
	ipv4_addr daddr;
	u16 dport;
	duration since_start;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
	__type(value, struct event_t);
} print_events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct dimensions_t);
	__type(value, u64);
} counter_connects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct dimensions_t);
	__type(value, u64);
} gauge_last_port SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct dimensions_t);
} print_last SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct sock *));
} sockets SEC(".maps");

SEC("kprobe/tcp_v4_connect")
int BPF_KPROBE(tcp_v4_connect_enter, struct sock *sk)
{
	u32 tid = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&sockets, &tid, &sk, BPF_ANY);
	return 0;
}

SEC("kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(tcp_v4_connect_exit, int ret)
{
	u64 id = bpf_get_current_pid_tgid(), one = 1, port, *count;
	u32 tid = id;
	struct sock **skp = bpf_map_lookup_elem(&sockets, &tid), *sk;
	struct dimensions_t key = {};
	struct event_t event = {}, *room;
	struct task_struct *task;

	if (!skp)
		return 0;
	sk = *skp;
	bpf_map_delete_elem(&sockets, &tid);
	if (ret)
		return 0;
	key.pid = id >> 32;
	key.daddr = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	task = (struct task_struct *)bpf_get_current_task();
	event.saddr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	event.daddr = key.daddr;
	event.dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	event.since_start = bpf_ktime_get_ns() - BPF_CORE_READ(task, start_time);

	room = bpf_ringbuf_reserve(&print_events, sizeof(*room), 0);
	if (room) {
		memcpy(room, &event, sizeof(event));
		bpf_ringbuf_submit(room, 0);
	}
	count = bpf_map_lookup_elem(&counter_connects, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&counter_connects, &key, &one, BPF_NOEXIST);
	port = event.dport;
	bpf_map_update_elem(&gauge_last_port, &key, &port, BPF_ANY);
	bpf_map_update_elem(&print_last, &key.pid, &key, BPF_ANY);
	bpf_printk("connect to %u", event.dport);
	return 0;
}
