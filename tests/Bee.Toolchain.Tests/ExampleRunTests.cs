using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using StackTrace = Bee.Ebpf.Symbols.StackTrace;

namespace Bee.Toolchain.Tests;

/// <summary>The examples, run on this process and its children only.</summary>
[Collection(Alone.Name)]
public class ExampleRunTests
{
    [KernelFact]
    public void Execsnoop_sees_a_program_and_its_arguments()
    {
        var events = Run("execsnoop", () => Execute("/bin/sh", "-c", "exit 0", "with", "a  space"));

        var started = Assert.Single(events);
        Assert.Equal(("sh", "/bin/sh -c exit 0 with a  space"), (Get(started, "comm"), Get(started, "args")));
        Assert.Equal(Environment.ProcessId, Get(started, "parent_pid"));
        Assert.InRange((DateTime)Get(started, "at"), DateTime.Now.AddMinutes(-1), DateTime.Now.AddMinutes(1));
    }

    [KernelFact]
    public void Execsnoop_cuts_arguments_that_are_too_many()
    {
        var started = Assert.Single(Run("execsnoop", () => Execute("/bin/true", new string('x', 500))));

        Assert.Equal("/bin/true " + new string('x', 245), Get(started, "args"));
    }

    [KernelFact]
    public void Exitsnoop_reports_codes_and_signals()
    {
        var events = Run("exitsnoop", () =>
        {
            Execute("/bin/sh", "-c", "exit 3");
            Execute("/bin/sh", "-c", "kill -9 $$");
        });

        Assert.Equal([(3u, "0"), (0u, "SIGKILL")], events.Select(item => ((uint)Get(item, "exit_code"), Name(Get(item, "signal")))));
        Assert.All(events, item => Assert.InRange((ulong)Get(item, "lived"), 1UL, 60_000_000_000UL));
    }

    [KernelFact]
    public void Opensnoop_reports_successful_and_failed_opens()
    {
        var events = Run("opensnoop", () => Execute("/bin/cat", "/dev/null", "/etc/there is none"));

        var worked = Assert.Single(events, item => (string)Get(item, "path") == "/dev/null");
        var failed = Assert.Single(events, item => (string)Get(item, "path") == "/etc/there is none");
        Assert.InRange((int)Get(worked, "fd"), 3, 1000);
        Assert.Equal((-1, "ENOENT"), ((int)Get(failed, "fd"), Name(Get(failed, "error"))));
    }

    [KernelFact]
    public void Syscount_counts()
    {
        const int Times = 200;
        var entries = Run("syscount", () =>
        {
            for (var i = 0; i < Times; i++)
            {
                Directory.GetFiles("/proc/self/task");
            }
        });

        // Directory listings close the descriptors that they open; the last value of each key is the highest.
        Assert.Contains(entries, item => (ulong)Get(item, "Value") >= Times);
        Assert.All(entries, item => Assert.NotEqual("", Get(item, "comm")));
    }

    [KernelFact]
    public void Tcpstate_follows_a_connection()
    {
        var port = 0;
        var events = Run("tcpstate", () =>
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
            using var client = new TcpClient("127.0.0.1", port);
            using var server = listener.AcceptTcpClient();
            client.Close();
            server.Close();
        });

        var ofClient = events.Where(item => (ushort)Get(item, "dport") == port).Select(item => $"{Get(item, "from")} {Get(item, "to")}").ToArray();
        Assert.Equal(["CLOSE SYN_SENT", "SYN_SENT ESTABLISHED", "ESTABLISHED FIN_WAIT1"], ofClient.Take(3));
        Assert.All(events, item => Assert.Equal(Environment.ProcessId, Get(item, "pid")));
        Assert.Contains(events, item => (string)Get(item, "daddr") == "::ffff:127.0.0.1");
    }

    [KernelFact]
    public void Cpusample_finds_the_busy_process()
    {
        var entries = Run("cpusample", () =>
        {
            var before = Environment.CpuUsage.TotalTime;
            while (Environment.CpuUsage.TotalTime - before < TimeSpan.FromMilliseconds(300))
            {
            }
        });

        Assert.All(entries, item => Assert.Equal(Environment.ProcessId, Get(item, "pid")));
        var counts = entries.GroupBy(item => Get(item, "comm")).Sum(group => (long)group.Max(item => (ulong)Get(item, "Value")));
        // 99 per second: 30 in this time. Other tests of this process may use processor time, too.
        Assert.InRange(counts, 15, 1000);
    }

    [KernelFact]
    public void Cpustack_finds_the_stack_of_the_busy_process()
    {
        var entries = Run("cpustack", () =>
        {
            var before = Environment.CpuUsage.TotalTime;
            while (Environment.CpuUsage.TotalTime - before < TimeSpan.FromMilliseconds(300))
            {
                // Half of the time is in the kernel.
                Directory.GetFiles("/proc/self/task");
            }
        });

        Assert.All(entries, item => Assert.Equal(Environment.ProcessId, Get(item, "pid")));
        Assert.Contains(entries, item => ((StackTrace)Get(item, "kernel_stack")).Any(frame => frame.Symbol?.Contains("sys", StringComparison.Ordinal) == true));
        Assert.Contains(entries, item => ((StackTrace)Get(item, "user_stack")).Any(frame => frame.Module?.EndsWith(".so", StringComparison.Ordinal) == true));
    }

    [KernelFact]
    public void Uprobecount_counts_calls_of_one_process()
    {
        var entries = Run("uprobecount", () =>
        {
            for (var i = 0; i < 100; i++)
            {
                Marshal.FreeHGlobal(Marshal.AllocHGlobal(16));
            }

            Execute("/bin/ls", "/");
        });

        Assert.Contains(entries, item => (ulong)Get(item, "Value") >= 100);
        Assert.All(entries, item => Assert.Equal(Environment.ProcessId, Get(item, "pid")));
    }

    [NetworkFact]
    public void Xdpcount_counts_by_sender_and_protocol()
    {
        using var cable = new Cable();
        var entries = Run("xdpcount", cable.Send, new BpfSessionOptions { NetworkNamespace = cable.Name, Interfaces = ["bee0"] });

        var udp = entries.Last(item => Name(Get(item, "protocol")) == "UDP");
        Assert.Equal(("::ffff:10.77.0.2", 5UL, 5UL * (14 + 20 + 8 + 100)), ((string)Get(udp, "from"), (ulong)Get(udp, "packets"), (ulong)Get(udp, "bytes")));
    }

    /// <summary>If the kernel supports it only with kprobes, the virtual machines run it.</summary>
    [CapabilityFact]
    public void Capable_reports_requested_and_refused_capabilities()
    {
        var file = Sources.CompileFile(Path.Combine(Sources.Examples, "capable", "capable.bpf.c"), "-DCAPABLE_TRACEPOINT");
        var options = new BpfSessionOptions { Parameters = { ["target_pid"] = Environment.ProcessId } };
        var events = Run(file, () => Execute("setpriv", "--reuid", "65534", "chroot", "/", "true"), options);

        var refused = events.Last(item => Name(Get(item, "capability")) == "CAP_SYS_CHROOT");
        Assert.Equal((65534u, "chroot", false), (Get(refused, "uid"), Get(refused, "comm"), Get(refused, "granted")));
        Assert.Contains(events, item => Name(Get(item, "capability")) == "CAP_SETUID" && (bool)Get(item, "granted"));
    }

    internal static List<BpfEvent> Run(string name, Action work)
    {
        var file = ExampleTests.Compile(name);
        return Run(file, work, new BpfSessionOptions
        {
            Parameters = { ["target_pid"] = Environment.ProcessId },
            ProcessId = name is "cpusample" or "cpustack" or "uprobecount" ? Environment.ProcessId : null,
        });
    }


    private static List<BpfEvent> Run(string name, Action work, BpfSessionOptions options) => Run(ExampleTests.Compile(name), work, options);

    private static List<BpfEvent> Run(ObjectFile file, Action work, BpfSessionOptions options)
    {
        using var session = BpfSession.Load(file, options);
        session.Attach();
        work();
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        return Read(reader);
    }

    internal static List<BpfEvent> Read(EventReader reader)
    {
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(300));
        return sink.Events;
    }

    private static void Execute(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
    }

    private static object Get(BpfEvent item, string property) => item.GetType().GetProperty(property)!.GetValue(item)!;

    private static string Name(object value) => Convert.ToInt64(value) == 0 ? "0" : value.ToString()!;
}

/// <summary>A test that needs the tracepoint at the kernel's checks of capabilities, which came with Linux 6.14.</summary>
internal sealed class CapabilityFactAttribute : FactAttribute
{
    public CapabilityFactAttribute() => Skip = Requirements.Kernel
        ?? (Directory.Exists("/sys/kernel/tracing/events/capability/cap_capable") ? null : "needs the tracepoint capability:cap_capable (Linux 6.14)");
}
