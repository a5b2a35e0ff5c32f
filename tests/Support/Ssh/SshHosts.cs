using System.Diagnostics;

namespace Bee.Tests;

/// <summary>
/// Hosts for ssh on loopback: one sshd for each name, with keys, known hosts and a client configuration in a temporary folder. All servers, their sessions and the
/// processes of these end with the object, or with the test process.
/// </summary>
internal sealed class SshHosts : IDisposable
{
    private readonly Process _script;
    private readonly string _folder = Directory.CreateTempSubdirectory("bee-ssh-").FullName;

    /// <summary>Starts the servers.</summary>
    /// <param name="root">The folder of Bee.slnx: the hosts have its pwsh and find its module.</param>
    /// <param name="names">The names of the hosts, which only the client of <see cref="ClientFolder"/> knows.</param>
    /// <param name="settings">More lines of sshd_config for some hosts, by name. The first occurrence of a setting wins.</param>
    public SshHosts(string root, IReadOnlyList<string> names, IReadOnlyDictionary<string, string>? settings = null)
    {
        foreach ((string name, string lines) in settings ?? new Dictionary<string, string>())
        {
            File.WriteAllText(Path.Combine(_folder, $"{name}.conf"), lines + "\n");
        }

        var start = new ProcessStartInfo(
            "/bin/sh",
            [Path.Combine(root, "tests", "Support", "Ssh", "sshd.sh"), _folder, Path.Combine(root, "module"), Path.Combine(root, "artifacts", "pwsh"), .. names])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _script = Process.Start(start)!;
        Names = names;
        try
        {
            ReadAnswer();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The reason why there can be no hosts; null if there can.</summary>
    public static string? Obstacle { get; } =
        Array.TrueForAll(["ssh", "ssh-keygen", "sshd"], IsInstalled) ? null : "needs ssh and sshd, which are not installed";

    /// <summary>The names of the hosts.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>A folder with the programs ssh, which knows the hosts and no others, and pwsh. Put it first in PATH.</summary>
    public string ClientFolder => Path.Combine(_folder, "bin");

    /// <summary>The configuration of the client, for <c>ssh -F</c>.</summary>
    public string ClientConfiguration => Path.Combine(_folder, "ssh_config");

    /// <summary>The file with the keys of the hosts, one line for each.</summary>
    public string KnownHosts => Path.Combine(_folder, "known_hosts");

    /// <summary>The file of the user's private key.</summary>
    public string KeyFile => Path.Combine(_folder, "key");

    /// <summary>The home folder of the user on all hosts.</summary>
    public string Home => Path.Combine(_folder, "home");

    /// <summary>Returns the address and port of a host, for clients that do not know its name.</summary>
    public string Address(string name) => File.ReadAllText(Path.Combine(_folder, $"{name}.address")).Trim();

    /// <summary>Kills a host: its server, its sessions and their processes.</summary>
    public void Kill(string name) => Send($"kill {name}");

    /// <summary>Stops all processes of a host with SIGSTOP. Its connections stay open and are silent.</summary>
    public void Freeze(string name) => Send($"stop {name}");

    /// <summary>Continues the processes of a frozen host.</summary>
    public void Thaw(string name) => Send($"cont {name}");

    /// <summary>Returns the ids of the processes of a host's sessions.</summary>
    public IReadOnlyList<int> Processes(string name) =>
        [.. Send($"list {name}").Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(id => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>Waits until all processes of a host's sessions have ended. The server notices the end of a session only after its client.</summary>
    public void AssertEnded(string name)
    {
        IReadOnlyList<int> left = [];
        Wait.Until(() => (left = Processes(name)).Count == 0, () => $"the sessions of {name} have left the processes {string.Join(", ", left)}");
    }

    public void Dispose()
    {
        _script.StandardInput.Close();
        _script.WaitForExit();
        _script.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static bool IsInstalled(string tool) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)));

    private string Send(string line)
    {
        _script.StandardInput.WriteLine(line);
        _script.StandardInput.Flush();
        return ReadAnswer();
    }

    private string ReadAnswer() => _script.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The hosts failed: {_script.StandardError.ReadToEnd()}");
}

/// <summary>A test that needs hosts for ssh.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SshFactAttribute : FactAttribute
{
    public SshFactAttribute() => Skip = SshHosts.Obstacle;
}
