/* The stacks of the target's getpgid calls: in a ring's events, in a hash's keys, and by build id. */
#include "fixture.h"

typedef __s32 stack_id;
typedef __s32 kernel_stack_id;
typedef __s32 user_stack_id;

struct call {
	__u32 pid;
	__s32 argument;
	kernel_stack_id kernel_stack;
	user_stack_id user_stack;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
	__type(value, struct call);
} print_calls SEC(".maps");

struct where {
	__u32 tgid;
	user_stack_id user_stack_id;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct where);
	__type(value, __u64);
} counter_by_stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, stack_id);
	__type(value, __u64);
} counter_by_build SEC(".maps");

/* A stack's id is a hash of it, and the second of two with one id is refused: so there is more room than two need. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64 * 1024);
	__type(key, __u32);
	__uint(value_size, 32 * sizeof(__u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_STACK_BUILD_ID);
	__type(key, __u32);
	__uint(value_size, 127 * sizeof(struct bpf_stack_build_id));
} build SEC(".maps");

static void count(void *map, void *key)
{
	__u64 one = 1, *value = bpf_map_lookup_elem(map, key);

	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(map, key, &one, BPF_ANY);
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_getpgid(struct { __u64 common; __s64 nr; __u64 pid; } *context)
{
	if (!TARGETED)
		return 0;
	struct where where = { .tgid = bpf_get_current_pid_tgid() >> 32 };
	stack_id id = bpf_get_stackid(context, &build, BPF_F_USER_STACK);

	where.user_stack_id = bpf_get_stackid(context, &stacks, BPF_F_USER_STACK);
	count(&counter_by_stack, &where);
	count(&counter_by_build, &id);
	struct call *call = bpf_ringbuf_reserve(&print_calls, sizeof(*call), 0);
	if (!call)
		return 0;
	call->pid = where.tgid;
	call->argument = (int)context->pid;
	call->kernel_stack = bpf_get_stackid(context, &stacks, 0);
	call->user_stack = where.user_stack_id;
	if (call->argument == -999)
		call->user_stack = -14;
	bpf_ringbuf_submit(call, 0);
	return 0;
}
