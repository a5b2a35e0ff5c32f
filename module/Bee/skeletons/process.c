A program that runs in the process that it is about.
//: arguments
 -Parameter @{ target_pid = 42 }
//: filter
// Only this process; 0 is all. Parameters are set from outside: -Parameter @{ target_pid = 42 }.
BEE_PARAM(pid_t, target_pid, 0);
//: guard
	if (!bee_targeted(target_pid))
		return $(pass);
//: labels
pid_t pid | @ = bee_pid();
char comm[16] | bpf_get_current_comm(@, sizeof(@)); | the thread's name
