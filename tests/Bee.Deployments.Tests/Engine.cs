using System.Diagnostics;
using Bee.Foreign;
using Bee.Packages;

namespace Bee.Deployments;

/// <summary>
/// Runs podman with images and state in a temporary folder. Containers are built by <c>New-BeeContainer</c> on the tests' base, and loaded from the output of
/// <c>Export-BeeImage</c>.
/// </summary>
public sealed class Engine : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bee-podman-").FullName;
    private readonly HashSet<string> _loaded = [];

    /// <summary>Builds the base and a store with it.</summary>
    public Engine()
    {
        if (Requirements.Podman is null)
        {
            new ForeignLayout(Store).AddBase("bee-base:latest", BaseLayer.Write(), ["amd64"], entrypoint: BaseLayer.Entrypoint, environment: BaseLayer.Environment);
        }
    }

    /// <summary>The store with the base, the tools and the containers.</summary>
    public string Store => Path.Combine(_folder, "store");

    /// <summary>Returns the path of a file or folder beside the store.</summary>
    public string this[string name] => Path.Combine(_folder, name);

    /// <summary>Builds a container around an example and returns its name and its archive.</summary>
    public string Archive(string example)
    {
        string archive = this[$"{example}.tar"];
        if (!File.Exists(archive))
        {
            Project.Script($"$null = Invoke-BeeBuild '{Project.File("examples", example)}' -Tag '{example}:v1' -Store '{Store}'; " +
                $"New-BeeContainer '{example}:v1' -Tag 'ghcr.io/me/{example}-container:v1' -Store '{Store}' | Export-BeeImage -OutFile '{archive}' -Store '{Store}' | Out-Null");
        }

        return archive;
    }

    /// <summary>The label of a container.</summary>
    public string[] Capabilities(string example)
    {
        Archive(example);
        return Project.Script($"(Get-BeeImage 'ghcr.io/me/{example}-container:v1' -Store '{Store}').Labels['bee.tool.capabilities']").Trim().Split(',');
    }

    /// <summary>Starts a container around an example.</summary>
    /// <param name="example">The example.</param>
    /// <param name="capabilities">The only capabilities of the container.</param>
    /// <param name="arguments">Arguments for its entry point.</param>
    /// <param name="name">The container's name; null for any.</param>
    /// <param name="options">Further options of podman run.</param>
    public Process Start(string example, IEnumerable<string> capabilities, IEnumerable<string> arguments, string? name = null, IEnumerable<string>? options = null) => Start(
        [
            "--rm", "--pid=host", "--read-only", "--read-only-tmpfs=false", "--cap-drop=all", .. capabilities.Select(capability => $"--cap-add={capability}"),
            "--volume=/sys/kernel/tracing:/sys/kernel/tracing:ro", .. name is null ? [] : new[] { $"--name={name}" }, .. options ?? [],
        ],
        example, arguments);

    private Process Start(IEnumerable<string> options, string example, IEnumerable<string> arguments)
    {
        string image = $"ghcr.io/me/{example}-container:v1";
        if (_loaded.Add(example))
        {
            Podman("load", "--quiet", "--input", Archive(example));
        }

        string[] run =
        [
            .. Flags, "run", "--pull=never", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000", "--network=none", $"--security-opt=seccomp={Project.File("deploy", "seccomp.json")}", .. options, image, .. arguments,
        ];
        return Process.Start(new ProcessStartInfo("podman", run) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    /// <summary>Runs a container around an example to its end.</summary>
    internal ChildResult Run(string example, IEnumerable<string> capabilities, IEnumerable<string> arguments, IEnumerable<string>? options = null)
    {
        using Process process = Start(example, capabilities, arguments, null, options);
        return End(process, example);
    }

    /// <summary>Runs a container around an example to its end, with these options of podman run.</summary>
    internal ChildResult RunAs(IEnumerable<string> options, string example, IEnumerable<string> arguments)
    {
        using Process process = Start(options, example, arguments);
        return End(process, example);
    }

    private static ChildResult End(Process process, string example)
    {
        Task<string> messages = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill();
            throw new InvalidOperationException($"The container with {example} did not end.");
        }

        return new ChildResult(process.ExitCode, output.Result, messages.Result);
    }

    /// <summary>Runs podman to its end.</summary>
    /// <exception cref="InvalidOperationException">The command failed.</exception>
    public string Podman(params string[] arguments)
    {
        ChildResult result = Child.Run("podman", [.. Flags, .. arguments], TimeSpan.FromMinutes(2));
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"podman {string.Join(' ', arguments)}: {result.Messages}");
    }

    /// <summary>Stops all containers and deletes all files.</summary>
    public void Dispose()
    {
        if (_loaded.Count > 0)
        {
            Podman("rm", "--all", "--force", "--time=0");
            Podman("rmi", "--all", "--force");
            // The storage is a mount.
            Child.Run("umount", [this["images/overlay"]], TimeSpan.FromSeconds(10));
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string[] Flags => [$"--root={this["images"]}", $"--runroot={this["run"]}", $"--tmpdir={this["tmp"]}", "--cgroup-manager=cgroupfs", "--runtime=runc", "--events-backend=none"];
}
