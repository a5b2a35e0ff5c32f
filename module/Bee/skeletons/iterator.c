A program that the kernel runs once for each of its objects, when the iterator is read. The output is its records.
//: filter task
// Only this process; 0 for all. Parameters are set from outside: -Parameter @{ target_pid = 42 }.
BEE_PARAM(pid_t, target_pid, 0);
//: arguments task
 -Parameter @{ target_pid = 42 }
//: declarations
// The record. Each field becomes a property of a PowerShell object. The field's type selects the format (see
// bee_types.h).
struct $(name)_seen {
	$(fields)
};
// Declares the type of the iterator's records. An iterator without a declaration writes lines of text.
BEE_ITER_RECORD($(function), struct $(name)_seen);
//: locals
	struct $(name)_seen record = {};
	$(objects)
//: guard
	// The kernel makes one more call at the end, without an object.
	if (!$(object))
		return 0;
//: guard task
	// The kernel makes one more call at the end, without an object.
	if (!$(object) || (target_pid && BPF_CORE_READ(task, tgid) != target_pid))
		return 0;
//: place
record.
//: body
	$(assign)
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
