What programs of user space's functions are given.
//: signature function
int BPF_KPROBE($(function), const char *argument)
//: fields function
const void *argument | @ = argument; | the first, as a number
char text[64] | bpf_probe_read_user_str(@, sizeof(@), argument); | and as text; empty where it is none | 64
//: signature many
int $(function)(struct pt_regs *ctx)
//: fields many
const void *function | @ = (const void *)bpf_get_func_ip(ctx); | which of them
//: signature result
int BPF_KRETPROBE($(function), long result)
//: fields result
s64 result | @ = result;
//: signature static
int BPF_USDT($(function), long argument)
//: fields static
s64 argument | @ = argument; | the probe's first
//: include static
#include <bpf/usdt.bpf.h>
