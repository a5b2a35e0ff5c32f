A program that the kernel runs once for each of its objects, when somebody reads the iterator. Its records are the output.
//: filter task
// Only this process; 0 is all. Parameters are set from outside: -Parameter @{ target_pid = 42 }.
BEE_PARAM(pid_t, target_pid, 0);
//: arguments task
 -Parameter @{ target_pid = 42 }
//: declarations
// What a record says: each field is a property of the object that PowerShell gets. The type says how a value is
// meant (see bee_types.h).
struct $(name)_seen {
	$(fields)
};
// It makes objects of what the iterator writes. An iterator without it writes text, and gives lines.
BEE_ITER_RECORD($(function), struct $(name)_seen);
//: locals
	struct $(name)_seen record = {};
	$(objects)
//: guard
	// One more call comes at the end, without an object.
	if (!$(object))
		return 0;
//: guard task
	// One more call comes at the end, without an object.
	if (!$(object) || (target_pid && BPF_CORE_READ(task, tgid) != target_pid))
		return 0;
//: place
record.
//: body
	$(assign)
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
