// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A libcuda.so with the functions that the CUDA gadgets attach to. It gives memory of the machine's own, so no graphics card is needed.
#include <stddef.h>

static unsigned long next = 0x700000000000ul;

static int take(unsigned long *at, size_t size)
{
	*at = next;
	next += size;
	return 0;
}

#define ALLOC(name) __attribute__((noinline)) int name(unsigned long *at, size_t size) { return take(at, size); }
#define FREE(name) __attribute__((noinline)) int name(unsigned long at) { next ^= at & 0; return 0; }

ALLOC(cuMemAlloc) ALLOC(cuMemAlloc_v2) ALLOC(cuMemAllocHost) ALLOC(cuMemAllocHost_v2) ALLOC(cuMemAllocManaged) ALLOC(cuMemAllocAsync) ALLOC(cuMemAllocAsync_v2) ALLOC(cuMemHostAlloc)
ALLOC(cuMemAllocPitch) ALLOC(cuMemAllocPitch_v2)
FREE(cuMemFree) FREE(cuMemFree_v2) FREE(cuMemFreeHost) FREE(cuMemFreeAsync) FREE(cuMemFreeAsync_v2) FREE(cuCtxDestroy) FREE(cuCtxDestroy_v2)
ALLOC(cudaMalloc) ALLOC(cudaMallocHost) ALLOC(cudaHostAlloc) ALLOC(cudaMallocManaged) ALLOC(cudaMallocPitch) ALLOC(cudaMallocAsync)
FREE(cudaFree) FREE(cudaFreeHost) FREE(cudaFreeAsync)
