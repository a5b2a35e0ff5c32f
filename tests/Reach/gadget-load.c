// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The load of Measure-Gadget.ps1: does one thing that a gadget watches, and tells what it did. It prints its pid, waits for a line, acts, prints facts
// ("name value"), prints "done", and waits for another line, so that its mappings are there while stacks are read.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_line(void)
{
	char c;
	while (read(0, &c, 1) == 1 && c != '\n')
		;
}

#define FACT(name, format, value) printf("%s " format "\n", name, value)

static int fails(const char *name, long result)
{
	FACT(name, "%d", result < 0 ? errno : 0);
	return result;
}

static void do_open(void)
{
	fails("missing", open("/tmp/no/such/file", O_RDONLY));
	int fd = open("/tmp/gadget-load.txt", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	FACT("fd", "%d", fd);
	close(fd);
	unlink("/tmp/gadget-load.txt");
}

static void do_signal(void)
{
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	FACT("child", "%d", child);
	kill(child, SIGUSR1);
	waitpid(child, NULL, 0);
	fails("gone", kill(child, SIGUSR2));
}

static void do_mount(void)
{
	unshare(CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mkdir("/tmp/gadget-load.d", 0755);
	fails("mount", mount("gadget-source", "/tmp/gadget-load.d", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m"));
	fails("umount", umount("/tmp/gadget-load.d"));
	fails("missing", mount("gadget-source", "/tmp/gadget-load.none", "tmpfs", 0, NULL));
	rmdir("/tmp/gadget-load.d");
}

static void do_module(void)
{
	char image[32] = "not a module";
	fails("init", syscall(SYS_init_module, image, sizeof(image), "number=7"));
	int fd = open("/tmp/gadget-load.ko", O_RDWR | O_CREAT, 0600);
	write(fd, image, sizeof(image));
	FACT("fd", "%d", fd);
	fails("finit", syscall(SYS_finit_module, fd, "word=hello", 2));
	close(fd);
	unlink("/tmp/gadget-load.ko");
}

__attribute__((noinline)) void gadget_allocates(void)
{
	void *a = malloc(54321);
	FACT("malloc", "%lu", (unsigned long)a);
	void *b = calloc(3, 4097);
	FACT("calloc", "%lu", (unsigned long)b);
	free(a);
	free(b);
	asm volatile("" ::: "memory");
}

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

static void do_mutex(void)
{
	FACT("first", "%lu", (unsigned long)&first);
	FACT("second", "%lu", (unsigned long)&second);
	for (int i = 0; i < 2; i++) {
		pthread_mutex_lock(&first);
		pthread_mutex_lock(&second);
		pthread_mutex_unlock(&second);
		pthread_mutex_unlock(&first);
	}
}

volatile unsigned long burnt;

__attribute__((noinline)) void gadget_burns(void)
{
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		for (int i = 0; i < 1000000; i++)
			burnt += i;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < 2);
}

static void do_cuda(const char *library)
{
	void *cuda = dlopen(library, RTLD_NOW);
	int (*alloc)(unsigned long *, size_t) = cuda ? dlsym(cuda, "cuMemAlloc_v2") : NULL;
	int (*release)(unsigned long) = cuda ? dlsym(cuda, "cuMemFree_v2") : NULL;
	unsigned long at[3];
	if (!alloc || !release) {
		printf("error %s\n", dlerror());
		return;
	}
	for (int i = 0; i < 3; i++)
		alloc(&at[i], 4096 * (i + 1));
	release(at[0]);
	FACT("calls", "%d", 3);
	FACT("bytes", "%d", 4096 * 6);
}

static void do_exec(void)
{
	char *good[] = { "/bin/true", "one", "two words", NULL }, *bad[] = { "/tmp/none", "x", NULL };
	pid_t child = fork();
	if (child == 0) {
		execv(good[0], good);
		_exit(1);
	}
	FACT("child", "%d", child);
	waitpid(child, NULL, 0);
	child = fork();
	if (child == 0) {
		execv(bad[0], bad);
		_exit(0);
	}
	FACT("failed", "%d", child);
	waitpid(child, NULL, 0);
}

static struct sockaddr_in address(const char *host, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	inet_aton(host, &to.sin_addr);
	return to;
}

// A question for example.com, and its answer, between two sockets of this process.
static void do_dns(void)
{
	static const unsigned char question[] = "\x12\x34\x01\x00\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
	static const unsigned char answer[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\7example\3com\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x07";
	struct sockaddr_in server = address("127.0.0.1", 53), from;
	socklen_t size = sizeof(from);
	char buffer[512];
	int s = socket(AF_INET, SOCK_DGRAM, 0), c = socket(AF_INET, SOCK_DGRAM, 0);
	fails("bind", bind(s, (void *)&server, sizeof(server)));
	connect(c, (void *)&server, sizeof(server));
	send(c, question, sizeof(question) - 1, 0);
	recvfrom(s, buffer, sizeof(buffer), 0, (void *)&from, &size);
	sendto(s, answer, sizeof(answer) - 1, 0, (void *)&from, size);
	recv(c, buffer, sizeof(buffer), 0);
	FACT("port", "%d", ntohs(from.sin_port));
	FACT("question", "%zu", sizeof(question) - 1);
	FACT("answer", "%zu", sizeof(answer) - 1);
}

// The first bytes of a TLS connection: a hello with a server name.
static void do_sni(void)
{
	static const char name[] = "gadget.example.com";
	unsigned char hello[128] = { 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3 }, *at = hello + 11 + 32;
	struct sockaddr_in server = address("127.0.0.1", 443);
	int length = sizeof(name) - 1, one = 1, l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
	// No session, one cipher suite, one compression method, and the extension server_name.
	unsigned char rest[] = { 0, 0, 2, 0x13, 1, 1, 0, 0, length + 9, 0, 0, 0, length + 5, 0, length + 3, 0, 0, length };
	memcpy(at, rest, sizeof(rest));
	memcpy(at + sizeof(rest), name, length);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	fails("bind", bind(l, (void *)&server, sizeof(server)));
	listen(l, 1);
	fails("connect", connect(c, (void *)&server, sizeof(server)));
	send(c, hello, at + sizeof(rest) + length - hello, 0);
	FACT("name", "%s", name);
}

// A connection over loopback: what its two ends are, and how much went over it.
static void do_tcp(void)
{
	struct sockaddr_in server = address("127.0.0.1", 7777), own;
	socklen_t size = sizeof(own);
	int one = 1, l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
	char buffer[5000] = "gadget";
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	fails("bind", bind(l, (void *)&server, sizeof(server)));
	listen(l, 1);
	fails("connect", connect(c, (void *)&server, sizeof(server)));
	int a = accept(l, NULL, NULL);
	getsockname(c, (void *)&own, &size);
	FACT("client", "%d", ntohs(own.sin_port));
	struct tcp_info info;
	for (int i = 0; i < 4; i++) {
		send(c, buffer, sizeof(buffer), 0);
		for (int got = 0; got < (int)sizeof(buffer);)
			got += recv(a, buffer, sizeof(buffer), 0);
		// What the kernel has when it receives the next packet.
		size = sizeof(info);
		getsockopt(c, IPPROTO_TCP, TCP_INFO, &info, &size);
		printf("rtt%d %u\n", i, info.tcpi_rtt);
	}
	FACT("bytes", "%d", 4 * 5000);
	struct stat status;
	fstat(c, &status);
	FACT("inode", "%lu", (unsigned long)status.st_ino);
	struct stat ns;
	stat("/proc/self/ns/net", &ns);
	FACT("netns", "%lu", (unsigned long)ns.st_ino);
	// The connection stays: it is looked at while this process waits.
	struct sockaddr_in closed = address("127.0.0.1", 7778);
	c = socket(AF_INET, SOCK_STREAM, 0);
	fails("refused", connect(c, (void *)&closed, sizeof(closed)));
}

// SYNs to an address that nobody answers for.
static void do_syn(const char *host)
{
	struct sockaddr_in nobody = address(host, 9), own;
	socklen_t size = sizeof(own);
	int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(c, (void *)&nobody, sizeof(nobody));
	getsockname(c, (void *)&own, &size);
	FACT("port", "%d", ntohs(own.sin_port));
	sleep(5);
	struct tcp_info info;
	size = sizeof(info);
	getsockopt(c, IPPROTO_TCP, TCP_INFO, &info, &size);
	FACT("retransmits", "%d", info.tcpi_total_retrans);
	close(c);
}

static void do_fdpass(void)
{
	int pair[2], sent = open("/dev/null", O_RDONLY);
	struct stat status;
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &sent, sizeof(int));
	fails("sendmsg", sendmsg(pair[0], &message, 0));
	fstat(pair[0], &status);
	FACT("socket", "%lu", (unsigned long)status.st_ino);
	FACT("sockfd", "%d", pair[0]);
	FACT("fd", "%d", sent);
}

static void do_bind(void)
{
	struct sockaddr_in at = address("127.0.0.1", 7779);
	int s = socket(AF_INET, SOCK_STREAM, 0), again = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	fails("bind", bind(s, (void *)&at, sizeof(at)));
	listen(s, 1);
	fails("again", bind(again, (void *)&at, sizeof(at)));
}

static void do_link(void)
{
	close(open("/tmp/gadget-load.a", O_CREAT | O_WRONLY, 0600));
	fails("symlink", symlink("/tmp/gadget-load.a", "/tmp/gadget-load.s"));
	fails("link", link("/tmp/gadget-load.a", "/tmp/gadget-load.h"));
	unlink("/tmp/gadget-load.s");
	unlink("/tmp/gadget-load.h");
	unlink("/tmp/gadget-load.a");
}

static void do_file(void)
{
	static char buffer[8192];
	int fd = open("/tmp/gadget-load.data", O_CREAT | O_RDWR | O_SYNC, 0600);
	struct stat status;
	for (int i = 0; i < 10; i++)
		write(fd, buffer, sizeof(buffer));
	lseek(fd, 0, SEEK_SET);
	for (int i = 0; i < 5; i++)
		read(fd, buffer, sizeof(buffer));
	fsync(fd);
	fstat(fd, &status);
	FACT("written", "%d", 81920);
	FACT("read", "%d", 40960);
	FACT("writes", "%d", 10);
	FACT("reads", "%d", 5);
	FACT("inode", "%lu", (unsigned long)status.st_ino);
	close(fd);
	unlink("/tmp/gadget-load.data");
}

static void do_capability(void)
{
	fails("chroot", chroot("/"));
	fails("sethostname", sethostname("gadget", 6));
}

static void do_seccomp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fails("filter", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program));
	fails("mkdir", syscall(SYS_mkdir, "/tmp/gadget-load.m", 0700));
	rmdir("/tmp/gadget-load.m");
}

static void do_memory(void)
{
	// More than the group of this process may have; the kernel ends the child.
	pid_t child = fork();
	if (child == 0) {
		for (size_t i = 0; i < 512; i++)
			memset(malloc(1 << 20), 1, 1 << 20);
		_exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	FACT("child", "%d", child);
	FACT("signal", "%d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void do_tty(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(master);
	unlockpt(master);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	FACT("written", "%zd", write(slave, "gadget speaks", 13));
	close(slave);
	close(master);
}

static void do_calls(void)
{
	for (int i = 0; i < 5; i++)
		syscall(SYS_getpgid, 0);
	syscall(SYS_getcpu, NULL, NULL, NULL);
	struct stat ns;
	stat("/proc/self/ns/mnt", &ns);
	FACT("mntns", "%lu", (unsigned long)ns.st_ino);
}

static void do_inotify(void)
{
	int fd = inotify_init1(0);
	char buffer[4096];
	mkdir("/tmp/gadget-load.i", 0700);
	inotify_add_watch(fd, "/tmp/gadget-load.i", IN_CREATE);
	close(open("/tmp/gadget-load.i/new", O_CREAT | O_WRONLY, 0600));
	FACT("read", "%zd", read(fd, buffer, sizeof(buffer)));
	unlink("/tmp/gadget-load.i/new");
	rmdir("/tmp/gadget-load.i");
}

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "";
	printf("pid %d\n", getpid());
	fflush(stdout);
	wait_line();
#define CASE(name, call) else if (!strcmp(what, name)) call
	if (0)
		;
	CASE("open", do_open());
	CASE("signal", do_signal());
	CASE("mount", do_mount());
	CASE("module", do_module());
	CASE("malloc", gadget_allocates());
	CASE("mutex", do_mutex());
	CASE("burn", gadget_burns());
	CASE("cuda", do_cuda(arguments[2]));
	CASE("exec", do_exec());
	CASE("dns", do_dns());
	CASE("sni", do_sni());
	CASE("tcp", do_tcp());
	CASE("syn", do_syn(arguments[2]));
	CASE("fdpass", do_fdpass());
	CASE("bind", do_bind());
	CASE("link", do_link());
	CASE("file", do_file());
	CASE("capability", do_capability());
	CASE("seccomp", do_seccomp());
	CASE("memory", do_memory());
	CASE("tty", do_tty());
	CASE("calls", do_calls());
	CASE("inotify", do_inotify());
	puts("done");
	fflush(stdout);
	wait_line();
	return 0;
}
