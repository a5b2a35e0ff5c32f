/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Types with meaning. In memory each is the plain number that its comment names; the name travels with the object
 * file, and Bee shows and compares the values by it. Include through bee.h.
 */
#ifndef BEE_TYPES_H
#define BEE_TYPES_H

/* Addresses, as they stand in packets and sockets. */
typedef __u32 ipv4_addr;		/* network order; shown as 192.0.2.1 */
#ifndef BEE_SOLO_TYPES_H		/* solo_types.h has an older idea of it, which stands where it comes first */
typedef struct { __u8 bytes[16]; } ipv6_addr;	/* shown as 2001:db8::1 */
#endif
typedef __u8 mac_addr[6];		/* shown as 02:00:5e:10:00:01 */

/* Numbers in network order, read in the host's. */
typedef __u16 net_port;			/* a port, such as sk->__sk_common.skc_dport */
typedef __u16 be16;
typedef __u32 be32;
typedef __u64 be64;

/* Time. */
typedef __u64 duration;			/* nanoseconds; shown as 1.2ms */
typedef __u64 ktime;			/* bpf_ktime_get_ns(): nanoseconds that the machine was awake; read as a date */
typedef __u64 boottime;			/* bpf_ktime_get_boot_ns(): nanoseconds since boot; read as a date */

/* Numbers with names. */
typedef __s32 syscall_nr;		/* a system call's number; shown as openat */
typedef __s32 errno_value;		/* an error, either sign; shown as ENOENT */
typedef __s32 signal_nr;		/* a signal; shown as SIGKILL */

/*
 * What bpf_get_stackid() gave: a BEE_STACKS map has the stack under this number, and Bee shows its functions by name.
 * The three names mean the same. For functions of programs and libraries the record needs the process beside it, in a field
 * 'tgid' or 'pid'.
 */
typedef __s32 stack_id;
typedef __s32 kernel_stack_id;
typedef __s32 user_stack_id;

typedef __u64 byte_size;		/* a number of bytes; shown as 1.5KiB */

/* uid_t and gid_t come with the kernel's types and are shown with the user's and group's name. */

#endif
