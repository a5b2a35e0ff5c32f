/* Does nothing at tracepoints that hardly any process meets. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tracepoint")
int nothing(void *context)
{
	return 0;
}
