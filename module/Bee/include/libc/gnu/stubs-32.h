/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * glibc's headers ask for its list of functions that do nothing, and for the BPF target they ask for the 32-bit one, which
 * few machines have. No BPF program calls such a function, so an empty list is right. Searched after the system's own.
 */
