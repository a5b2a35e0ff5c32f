/* What the fixtures share. They see only the process that the test names, and nothing before it names one. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
const volatile int target_pid = -1;

#define TARGETED ((int)(bpf_get_current_pid_tgid() >> 32) == target_pid)
