/*
 * What a C program needs to write 10,000 series in Prometheus' text format into memory, line by line with snprintf. ScrapeBench.cs has the same series.
 * Prints lines and nanoseconds of processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *buffer;
static size_t length, capacity;
static long long lines;

static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static char *reserve(size_t size)
{
	if (capacity - length < size) {
		capacity = capacity * 2 + size;
		buffer = realloc(buffer, capacity);
		if (!buffer)
			exit(1);
	}
	return buffer + length;
}

#define LINE(...) (length += snprintf(reserve(1024), 1024, __VA_ARGS__), lines++)

static const char *escape(char *to, const char *from)
{
	char *start = to;
	for (; *from; from++) {
		if (*from == '\\' || *from == '"' || *from == '\n')
			*to++ = '\\';
		*to++ = *from == '\n' ? 'n' : *from;
	}
	*to = 0;
	return start;
}

static void scrape(char (*comms)[32], char (*paths)[64])
{
	char comm[64], path[128];
	LINE("# HELP bee_bench_opens_total Files opened.\n");
	LINE("# TYPE bee_bench_opens_total counter\n");
	for (int i = 0; i < 5000; i++)
		LINE("bee_bench_opens_total{comm=\"%s\",path=\"%s\"} %llu\n", escape(comm, comms[i]), escape(path, paths[i]), i * 1000ull);
	LINE("# HELP bee_bench_load_ratio Load.\n");
	LINE("# TYPE bee_bench_load_ratio gauge\n");
	for (int i = 0; i < 2000; i++)
		LINE("bee_bench_load_ratio{comm=\"%s\"} %.17g\n", escape(comm, comms[i]), i / 7.0);
	LINE("# HELP bee_bench_latency_seconds Latency.\n");
	LINE("# TYPE bee_bench_latency_seconds histogram\n");
	for (int i = 0; i < 100; i++) {
		unsigned long long total = 0;
		escape(comm, comms[i]);
		for (int k = 0; k < 27; k++) {
			total += i * k;
			LINE("bee_bench_latency_seconds_bucket{comm=\"%s\",le=\"%.17g\"} %llu\n", comm, (1 << k) / 1e9, total);
		}
		LINE("bee_bench_latency_seconds_bucket{comm=\"%s\",le=\"+Inf\"} %llu\n", comm, total);
		LINE("bee_bench_latency_seconds_sum{comm=\"%s\"} %.17g\n", comm, i / 3.0);
		LINE("bee_bench_latency_seconds_count{comm=\"%s\"} %llu\n", comm, total);
	}
}

int main(void)
{
	static char comms[5000][32], paths[5000][64];
	long long start = 0;
	for (int i = 0; i < 5000; i++) {
		snprintf(comms[i], sizeof(comms[i]), "worker-%d", i);
		snprintf(paths[i], sizeof(paths[i]), "/usr/lib/x86_64-linux-gnu/lib%d.so", i);
	}
	/* The first round takes the memory from the kernel. */
	for (int round = 0; round < 5; round++) {
		length = 0;
		lines = 0;
		start = now();
		scrape(comms, paths);
		start = now() - start;
	}
	printf("%lld %lld\n", lines, start);
	return 0;
}
