One event for each time: into a ring buffer, or into a perf buffer.
//: declarations
// What an event says: each field is a property of the object that PowerShell gets. The type says how a value is
// meant: ktime is read as a date, duration shown as 1.2ms, ipv4_addr as an address (see bee_types.h).
struct $(name)_seen {
	$(timefield)
	$(fields)
	$(valuefield)
};

$(map)
//: map RingBuffer
// $(role)
// 256 KiB of events can wait in the ring. What a full ring refuses is counted, and Bee warns of it.
BEE_RING($(prefix)_$(name), struct $(name)_seen, 256 * 1024);
//: map PerfBuffer
// $(role)
// Each CPU has a buffer of its own: no CPU waits for another, and events of different CPUs come in no order.
BEE_PERF($(prefix)_$(name), struct $(name)_seen);
//: locals RingBuffer
	struct $(name)_seen *event;
//: locals PerfBuffer
	struct $(name)_seen event = {};
//: place RingBuffer
event->
//: place PerfBuffer
event.
//: body RingBuffer
	event = bee_reserve($(prefix)_$(name), struct $(name)_seen);
	if (!event)
		return $(pass);
	$(timeassign)
	$(assign)
	$(valueassign)
	bee_submit(event);
//: body PerfBuffer
	$(timeassign)
	$(assign)
	$(valueassign)
	bee_perf_output(ctx, $(prefix)_$(name), &event, sizeof(event));
//: role Print
A name that begins with print_ makes Bee stream the events.
//: role Counter
A name that begins with counter_ makes Bee stream the events, and count them: a metric with the fields as labels.
//: role Histogram
A name that begins with hist_ makes a histogram of the events: each is one value, the other fields are its labels.
