What every program begins and ends with. Lines before the first mark are for whoever changes the pieces.
A mark, two slashes and a colon, begins a part; $(word) stands for what the composer knows, and takes its whole line
with it where it knows nothing.
//: arguments interface
 -Interface lo
//: arguments cgroup
 -Cgroup $PID
//: arguments namespace
 -NetworkNamespace $PID
//: program
// $(name): $(about)
//
//   Invoke-BeeProgram ./$(file)$(arguments)
//
// It compiles, loads and reports as it stands. Change what it looks at and what it says.
#include "bee.h"
$(include)

// The kernel lends its helpers for tracing only to programs under the GPL, or under both the GPL and another license.
BEE_LICENSE("GPL");

$(filter)

$(declarations)

$(state)

// $(when)
SEC("$(section)")
$(signature)
{
	$(locals)
	$(valuelocals)

	$(guard)
	$(measure)
	$(body)
	return $(pass);
}
