/* Writes trace lines: at getpgid from the program itself, from a function of it and with many arguments; at dup a single one. */
#include "fixture.h"

const volatile int mark = 0;

static __attribute__((noinline)) int say(int number)
{
	bpf_printk("%d: from a function", number);
	return 0;
}

SEC("raw_tp/sys_enter")
int on_call(struct bpf_raw_tracepoint_args *context)
{
	if (!TARGETED)
		return 0;
	if (context->args[1] == 121) {
		bpf_printk("%d: hello\n", mark);
		say(mark);
		bpf_printk("%d: %d %d %d %d", mark, 1, 2, 3, 4);
	} else if (context->args[1] == 32) {
		bpf_printk("once");
	}
	return 0;
}
