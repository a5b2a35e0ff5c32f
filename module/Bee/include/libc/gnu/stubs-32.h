/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * For the BPF target, glibc's headers include its list of unimplemented functions for 32-bit programs, which few machines have
  * installed. BPF programs call no such function, so an empty list suffices. This folder is searched after the system's.
 */
