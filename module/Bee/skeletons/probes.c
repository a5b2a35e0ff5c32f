The signatures of programs at user-space functions, and the fields to read.
//: signature function
int BPF_KPROBE($(function), const char *argument)
//: fields function
const void *argument | @ = argument; | the first argument as a number
char text[64] | bpf_probe_read_user_str(@, sizeof(@), argument); | and as text; empty if it is not a string | 64
//: signature many
int $(function)(struct pt_regs *ctx)
//: fields many
const void *function | @ = (const void *)bpf_get_func_ip(ctx); | the function that was called
//: signature result
int BPF_KRETPROBE($(function), long result)
//: fields result
s64 result | @ = result;
//: signature static
int BPF_USDT($(function), long argument)
//: fields static
s64 argument | @ = argument; | the probe's first argument
//: include static
#include <bpf/usdt.bpf.h>
