/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The types that sources written for BumbleBee include under this name, with the layout that they count on there.
 * New programs take bee.h, whose ipv6_addr holds a whole address. In a file with both, this one goes first.
 */
#ifndef BEE_SOLO_TYPES_H
#define BEE_SOLO_TYPES_H

#ifdef BEE_TYPES_H
#error "Include solo_types.h before bee.h: the two mean different things by ipv6_addr."
#endif

typedef __u32 ipv4_addr;	/* network order */
typedef __u32 ipv6_addr;	/* four bytes, as BumbleBee has it */
typedef __u64 duration;		/* nanoseconds */

#endif
