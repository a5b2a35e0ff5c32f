/* The event and the map entry that every measurement uses, for programs in the kernel and for their readers in C. */
#ifndef EVENTS_H
#define EVENTS_H

typedef __u32 ipv4_addr;

struct event {
	__u32 pid;
	__u32 uid;
	__u64 ts;
	__u64 seq;
	ipv4_addr saddr;
	ipv4_addr daddr;
	__u16 sport;
	__u16 dport;
	char comm[16];
};

struct flow {
	ipv4_addr saddr;
	ipv4_addr daddr;
	__u16 sport;
	__u16 dport;
	__u32 pid;
};

#define EVENTS 1000000
#ifndef ENTRIES
#define ENTRIES 100000
#endif

#endif
