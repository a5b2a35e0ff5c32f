/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Types with a meaning. In memory each is a plain number or array of bytes. The type's name is stored in the object file,
  * and Bee formats and compares the values accordingly. Include through bee.h.
 */
#ifndef BEE_TYPES_H
#define BEE_TYPES_H

/* Addresses, in the format of packets and sockets. */
typedef __u32 ipv4_addr;		/* network order; shown as 192.0.2.1 */
#ifndef BEE_SOLO_TYPES_H		/* solo_types.h has an older definition, which wins if it is included first */
typedef struct { __u8 bytes[16]; } ipv6_addr;	/* shown as 2001:db8::1 */
#endif
typedef __u8 mac_addr[6];		/* shown as 02:00:5e:10:00:01 */

/* Numbers in network byte order, converted to the host's. */
typedef __u16 net_port;			/* a port, such as sk->__sk_common.skc_dport */
typedef __u16 be16;
typedef __u32 be32;
typedef __u64 be64;

/* Time. */
typedef __u64 duration;			/* nanoseconds; shown as 1.2ms */
typedef __u64 ktime;			/* from bpf_ktime_get_ns(), nanoseconds without suspend; shown as a date */
typedef __u64 boottime;			/* from bpf_ktime_get_boot_ns(), nanoseconds since boot; shown as a date */

/* Numbers with names. */
typedef __s32 syscall_nr;		/* a system call's number; shown as openat */
typedef __s32 errno_value;		/* an error, either sign; shown as ENOENT */
typedef __s32 signal_nr;		/* a signal; shown as SIGKILL */

/*
 * The result of bpf_get_stackid(). Bee looks the stack up in a BEE_STACKS map and shows its functions by name. The three names
  * mean the same. To symbolize functions of programs and libraries, the record needs the process id in a field 'tgid'
  * or 'pid'.
 */
typedef __s32 stack_id;
typedef __s32 kernel_stack_id;
typedef __s32 user_stack_id;

/*
 * Where something happened. Bee shows the number, and beside it the names of the container: container, image, pod,
 * namespace and node.
 */
typedef __u64 cgroup_id;		/* from bpf_get_current_cgroup_id() */
typedef __u32 mntns_id;			/* from task->nsproxy->mnt_ns->ns.inum */

typedef __u64 byte_size;		/* a number of bytes; shown as 1.5KiB */

/* uid_t and gid_t are kernel types; Bee shows the user's and group's name. */

#endif
