/*
 * What a C program on libbpf needs for the same work.
 *
 *	floor scan fill.o        for each line of input fills the ring with a million events and sums two fields of them; prints count and nanoseconds
 *	floor copy fill.o        the same, with a copy of each event on the heap, as it takes to hand events on
 *	floor cold fill.o        the same as scan, but maps the ring anew for each line; the mapping counts
 *	floor hash fill.o        for each line of input sums the values of 100,000 entries; prints count and nanoseconds
 *	floor live live.o PID    reads the events of a process with a rest of 1 ms after each look; prints count and lost at the end of input
 *	floor epoll live.o PID   the same, waiting in epoll instead
 *	floor stop stop.o NAME…  attaches to these system call tracepoints and takes the links away again; prints links and nanoseconds that passed
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/types.h>
#include "events.h"

#define BATCH 16384

static unsigned long long sum, count;

/* Processor time, so that what else the machine does counts for neither side. */
static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static int on_event(void *context, void *data, size_t size)
{
	const struct event *event = data;
	sum += event->pid + event->seq;
	count++;
	return 0;
}

static int on_event_copy(void *context, void *data, size_t size)
{
	static struct event *last;
	struct event *copy = malloc(size);
	if (!copy)
		fail("malloc");
	memcpy(copy, data, size);
	/* Each goes when the next one has come. */
	free(last);
	last = copy;
	return on_event(context, copy, size);
}

static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *map;
	if (!object)
		fail(path);
	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
			bpf_map__set_value_size(map, 0);
	return object;
}

static void run(struct bpf_object *object, const char *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	if (bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(object, program)), &options))
		fail(program);
}

static struct ring_buffer *open_ring(struct bpf_object *object, ring_buffer_sample_fn sample)
{
	struct ring_buffer *ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "print_events"), sample, NULL, NULL);
	if (!ring)
		fail("ring_buffer__new");
	return ring;
}

/* Lives through all rounds, so that its mapping and its heap are as warm as those of the reader that it is compared with. */
static void scan(struct bpf_object *object, ring_buffer_sample_fn sample, int cold)
{
	struct ring_buffer *ring = cold ? NULL : open_ring(object, sample);
	char line[16];
	while (fgets(line, sizeof(line), stdin)) {
		run(object, "fill_ring");
		count = 0;
		long long start = now();
		if (cold)
			ring = open_ring(object, sample);
		ring_buffer__consume(ring);
		printf("%llu %lld\n", count, now() - start);
		fflush(stdout);
		if (cold)
			ring_buffer__free(ring);
	}
}

static void hash(struct bpf_object *object)
{
	static struct flow keys[BATCH];
	static __u64 values[BATCH];
	int map = bpf_object__find_map_fd_by_name(object, "counter_flows");
	__u32 place, size;
	char line[16];
	run(object, "fill_hash");
	while (fgets(line, sizeof(line), stdin)) {
		void *from = NULL;
		int error;
		count = 0;
		long long start = now();
		do {
			size = BATCH;
			error = bpf_map_lookup_batch(map, from, &place, keys, values, &size, NULL);
			if (error && error != -ENOENT)
				fail("lookup_batch");
			for (__u32 i = 0; i < size; i++)
				sum += values[i] + keys[i].pid;
			count += size;
			from = &place;
		} while (!error);
		printf("%llu %lld\n", count, now() - start);
		fflush(stdout);
	}
}

static unsigned long long lost(struct bpf_object *object)
{
	char name[32] = "print_calls";
	int cpus = libbpf_num_possible_cpus();
	__u64 values[cpus], all = 0;
	if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "bee_lost"), name, values))
		return 0;
	for (int i = 0; i < cpus; i++)
		all += values[i];
	return all;
}

static void live(struct bpf_object *object, int nap)
{
	struct ring_buffer *ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "print_calls"), on_event, NULL, NULL);
	struct pollfd input = { .fd = 0, .events = POLLIN };
	if (!bpf_program__attach(bpf_object__find_program_by_name(object, "on_getpgid")))
		fail("attach");
	puts("ready");
	fflush(stdout);
	while (poll(&input, 1, 0) == 0) {
		if (nap) {
			ring_buffer__consume(ring);
			usleep(1000);
		} else {
			ring_buffer__poll(ring, 100);
		}
	}
	ring_buffer__consume(ring);
	printf("%llu %llu\n", count, lost(object));
}

static void stop(struct bpf_object *object, int names, char **name)
{
	struct bpf_link *links[names];
	struct timespec start, end;
	for (int i = 0; i < names; i++)
		if (!(links[i] = bpf_program__attach_tracepoint(bpf_object__find_program_by_name(object, "nothing"), "syscalls", name[i])))
			fail(name[i]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < names; i++)
		bpf_link__destroy(links[i]);
	bpf_object__close(object);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%d %lld\n", names, (end.tv_sec - start.tv_sec) * 1000000000ll + end.tv_nsec - start.tv_nsec);
}

int main(int argc, char **argv)
{
	struct bpf_object *object = open_object(argv[2]);
	if (argc > 3 && strcmp(argv[1], "stop"))
		*(int *)bpf_map__initial_value(bpf_object__find_map_by_name(object, ".rodata"), &(size_t){ 0 }) = atoi(argv[3]);
	if (bpf_object__load(object))
		fail("load");
	if (!strcmp(argv[1], "scan"))
		scan(object, on_event, 0);
	else if (!strcmp(argv[1], "cold"))
		scan(object, on_event, 1);
	else if (!strcmp(argv[1], "copy"))
		scan(object, on_event_copy, 0);
	else if (!strcmp(argv[1], "hash"))
		hash(object);
	else if (!strcmp(argv[1], "stop"))
		stop(object, argc - 3, argv + 3);
	else
		live(object, !strcmp(argv[1], "live"));
	return 0;
}
