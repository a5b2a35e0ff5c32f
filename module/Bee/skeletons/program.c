The beginning and end of every program. Lines before the first mark are for maintainers of the skeletons. A mark, two
slashes and a colon, begins a part; $(word) is a placeholder of the composer, and an empty one removes its whole line.
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
// It compiles, loads and reports without changes. Change what it observes and reports.
#include "bee.h"
$(include)

// The kernel allows most tracing helpers only in programs under the GPL or a dual license with the GPL.
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
