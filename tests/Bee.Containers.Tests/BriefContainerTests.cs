using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Bee.Containers.Runtimes;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Xunit.Abstractions;

namespace Bee.Containers.Tests;

/// <summary>Runs alone: other tests would create mount namespaces meanwhile.</summary>
[CollectionDefinition(nameof(BriefContainerTests), DisableParallelization = true)]
public class BriefContainerCollection;

/// <summary>Containers that open a file and live about 20 ms. An event of each, read at once, has the container's name.</summary>
[Collection(nameof(BriefContainerTests))]
public class BriefContainerTests(ITestOutputHelper output)
{
    private const int Quick = 10, Full = 100;

    private static int Number => Environment.GetEnvironmentVariable("BEE_FULL") == "1" ? Full : Quick;

    [Fact]
    public void Find_event_of_a_container_of_runc_that_lives_20_ms_returns_its_name()
    {
        using var containers = new BriefContainers();
        var state = containers.Folder("runc");
        using var directory = TestDirectory.Open([new OciRuntime("runc", new RuntimeFolder(state, 0))]);
        using var events = new Openings(directory, containers.Command);
        for (var i = 0; i < Number; i++)
        {
            containers.RunWithRunc(state, i);
        }

        events.Check(Number, containers.Name, output);
    }

    [Fact]
    public void Find_event_of_a_container_of_podman_that_lives_20_ms_returns_its_name()
    {
        if (Environment.GetEnvironmentVariable("BEE_FULL") != "1")
        {
            // Each takes half a second.
            return;
        }

        using var containers = new BriefContainers();
        var storage = containers.PreparePodman();
        using var directory = TestDirectory.Open(RuntimeDetection.Find(_ => $"podman:{storage}").Runtimes);
        using var events = new Openings(directory, containers.Command);
        for (var i = 0; i < Full; i++)
        {
            containers.RunWithPodman(i);
        }

        events.Check(Full, containers.Name, output);
    }

    private sealed class BriefContainers : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("bee-brief-").FullName;
        private const string Script = "read name < /etc/hostname; usleep 20000";

        private readonly string _suffix = Guid.NewGuid().ToString("N")[..5];

        public BriefContainers()
        {
            foreach (var name in new[] { "rootfs/bin", "rootfs/proc", "rootfs/dev", "rootfs/etc" })
            {
                Directory.CreateDirectory($"{_folder}/{name}");
            }

            File.WriteAllText($"{_folder}/rootfs/etc/hostname", "brief\n");
            File.Copy("/bin/busybox", Busybox(0));
        }

        /// <summary>The beginning of the names of all commands.</summary>
        public string Command => "busybox" + _suffix;

        public string Name(int number) => $"brief-{_suffix}-{number:000}";

        public string Folder(string name) => Directory.CreateDirectory($"{_folder}/{name}").FullName;

        public void RunWithRunc(string state, int number)
        {
            if (number > 0)
            {
                File.Copy(Busybox(0), Busybox(number));
            }

            File.WriteAllText($"{_folder}/config.json", JsonSerializer.Serialize(new
            {
                ociVersion = "1.0.2",
                process = new { cwd = "/", args = new[] { $"/bin/{Command}{number:000}", "sh", "-c", Script }, env = new[] { "PATH=/bin" }, user = new { uid = 0, gid = 0 } },
                root = new { path = "rootfs" },
                mounts = new[] { new { destination = "/proc", type = "proc", source = "proc" } },
                linux = new { namespaces = new[] { "pid", "mount", "ipc", "uts" }.Select(type => new { type }) },
            }));
            Run("runc", ["--root", state, "run", "--bundle", _folder, Name(number)]);
        }

        public string PreparePodman()
        {
            for (var i = 1; i < Full; i++)
            {
                File.CreateSymbolicLink(Busybox(i), Path.GetFileName(Busybox(0)));
            }

            Run("tar", ["-C", $"{_folder}/rootfs", "-cf", $"{_folder}/rootfs.tar", "."]);
            Run("podman", [.. Podman, "import", $"{_folder}/rootfs.tar", "localhost/brief:1"]);
            return $"{_folder}/storage";
        }

        public void RunWithPodman(int number) => Run("podman", [.. Podman, "run", "--rm", "--runtime", "runc", "--cgroup-manager=cgroupfs", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000",
            "--network=none", "--name", Name(number), "localhost/brief:1", $"/bin/{Command}{number:000}", "sh", "-c", Script]);

        private string[] Podman => ["--root", $"{_folder}/storage", "--runroot", $"{_folder}/run", "--storage-driver", "vfs"];

        private static void Run(string program, IReadOnlyList<string> arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program}: {errors}");
        }

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        private string Busybox(int number) => $"{_folder}/rootfs/bin/{Command}{number:000}";
    }

    /// <summary>A tool that reports the files that the containers' commands open, and a thread that reads it.</summary>
    private sealed class Openings : IDisposable
    {
        private readonly BpfSession _session;
        private readonly RingBuffer _ring;
        private readonly Thread _thread;
        private readonly List<(string Command, string? Cgroup, string? Namespace, string? Process)> _events = [];

        public Openings(ContainerDirectory directory, string command)
        {
            using var stream = typeof(Openings).Assembly.GetManifestResourceStream("openings.bpf.o")!;
            _session = BpfSession.Load(ObjectFile.Read(stream, "openings"), new() { Parameters = { ["command"] = command } });
            _ring = RingBuffer.Open(_session.Map("openings"));
            _session.Attach();
            _thread = new Thread(() =>
            {
                var sink = new Sink(directory, _events);
                while (_ring.Wait(Timeout.InfiniteTimeSpan))
                {
                    _ring.Drain(ref sink);
                }
            });
            _thread.Start();
        }

        public void Check(int number, Func<int, string> name, ITestOutputHelper output)
        {
            Wait.Until(() => _ring.Waiting == 0);
            _session.Dispose();
            _thread.Join();
            // The first event of each, which is the hardest.
            var first = _events.GroupBy(found => found.Command).ToDictionary(group => group.Key, group => group.First());
            var all = _events.Count;
            output.WriteLine($"{all} events of {first.Count} containers.");
            int Right(Func<(string Command, string? Cgroup, string? Namespace, string? Process), string?> names) => first.Count(found => names(found.Value) == name(int.Parse(found.Key[^3..])));
            var (cgroup, mounts, process) = (Right(found => found.Cgroup), Right(found => found.Namespace), Right(found => found.Process));
            output.WriteLine($"Right names of {number}: {cgroup} by cgroup, {mounts} by mount namespace, {process} by process.");
            Assert.Equal(number, first.Count);
            // The kernel reuses the number of a mount namespace as soon as its container has ended. If this thread reads the event only then, the number means another one.
            Assert.True(cgroup >= number - number / 100 && process >= number - number / 100 && mounts >= number - Math.Max(1, number / 100), string.Join('\n', first.Values));
        }

        public void Dispose()
        {
            _session.Dispose();
            _thread.Join();
            _ring.Dispose();
        }

        private readonly struct Sink(ContainerDirectory directory, List<(string, string?, string?, string?)> events) : IRecordSink
        {
            public bool Record(ReadOnlySpan<byte> data)
            {
                var opening = MemoryMarshal.Read<Opening>(data);
                var command = Encoding.ASCII.GetString(data[Marshal.SizeOf<Opening>()..]).TrimEnd('\0');
                events.Add((command, directory.Find(new ContainerKey(opening.CgroupId, 0, 0))?.Container, directory.Find(new ContainerKey(0, opening.MountNamespaceId, 0))?.Container,
                    directory.Find(new ContainerKey(0, 0, opening.ProcessId))?.Container));
                return true;
            }
        }

        private readonly record struct Opening(ulong CgroupId, ulong MountNamespaceId, int ProcessId, int Reserved);
    }
}
