One event for each time, in a ring buffer or a perf buffer.
//: declarations
// The event. Each field becomes a property of a PowerShell object. The field's type selects the format: ktime becomes a
// date, duration is shown as 1.2ms, ipv4_addr as an address (see bee_types.h).
struct $(name)_seen {
	$(timefield)
	$(fields)
	$(valuefield)
};

$(map)
//: map RingBuffer
// $(role)
// The ring buffer holds 256 KiB of events. If it is full, new events are lost; Bee counts them and warns.
BEE_RING($(prefix)_$(name), struct $(name)_seen, 256 * 1024);
//: map PerfBuffer
// $(role)
// Each CPU has its own buffer: no CPU waits for another, but the events of different CPUs are not ordered.
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
Bee streams a map whose name begins with print_.
//: role Counter
Bee streams a map whose name begins with counter_, and counts the events: a metric with the fields as labels.
//: role Histogram
Bee shows a map whose name begins with hist_ as histograms: each event is one value, and the other fields are its labels.
