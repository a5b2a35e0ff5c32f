/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The types of BumbleBee's header of this name, with the same layout. New programs should include bee.h, whose ipv6_addr
  * holds a whole address. A file that includes both must include this one first.
 */
#ifndef BEE_SOLO_TYPES_H
#define BEE_SOLO_TYPES_H

#ifdef BEE_TYPES_H
#error "Include solo_types.h before bee.h: the two define ipv6_addr differently."
#endif

typedef __u32 ipv4_addr;	/* network order */
typedef __u32 ipv6_addr;	/* four bytes, as in BumbleBee */
typedef __u64 duration;		/* nanoseconds */

#endif
