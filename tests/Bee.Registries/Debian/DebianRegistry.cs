using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Bee.Registries;

/// <summary>
/// Debian's docker-registry as a child process, on an ephemeral loopback port, with its content in a temporary folder. Disposing stops it; it also stops if the test
/// process is killed. It does not support the referrers API.
/// </summary>
public sealed partial class DebianRegistry : IDisposable
{
    private const string Program = Tool.Registry;

    // The shell waits until its standard input is closed, by Kill or by the death of the test process, then kills and reaps the registry.
    private const string Shell = "\"$0\" serve \"$1\" & read -r _; kill -9 $!; wait";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-registry-");
    private readonly DebianRegistryOptions _options;
    private readonly StringBuilder _log = new();
    private Process? _process;

    private DebianRegistry(DebianRegistryOptions options) => _options = options;

    /// <summary>Why the registry is not available; null if it is.</summary>
    public static string? Missing { get; } = Tool.Obstacle(Program);

    /// <summary>Host and port, <c>127.0.0.1:41234</c>.</summary>
    public string Host { get; private set; } = "127.0.0.1:0";

    /// <summary>The port.</summary>
    public int Port => int.Parse(Host[(Host.LastIndexOf(':') + 1)..]);

    /// <summary>The URL, with <c>http</c> or <c>https</c>.</summary>
    public Uri Address => new($"{(_options.Authority is null ? "http" : "https")}://{Host}/");

    /// <summary>The folder with the content, which exists until this object is disposed.</summary>
    public string Storage => Path.Combine(_folder.FullName, "storage");

    /// <summary>The log so far: a line of JSON for each request.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts a registry, and returns when it accepts connections.</summary>
    /// <param name="options">TLS and authentication; null for neither.</param>
    /// <exception cref="InvalidOperationException">The registry is not installed, or did not start. The message contains its output.</exception>
    public static DebianRegistry Start(DebianRegistryOptions? options = null)
    {
        if (Missing is not null)
        {
            throw new InvalidOperationException(Missing);
        }

        var registry = new DebianRegistry(options ?? new DebianRegistryOptions());
        try
        {
            registry.Run();
            return registry;
        }
        catch
        {
            registry.Dispose();
            throw;
        }
    }

    /// <summary>Kills the registry, as a machine failure would. The content stays.</summary>
    public void Kill()
    {
        if (_process is { } process)
        {
            _process = null;
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }
    }

    /// <summary>Restarts the registry after <see cref="Kill"/>, on the same port and with the same content.</summary>
    public void Restart()
    {
        Kill();
        Run();
    }

    /// <summary>Stops the registry and deletes its content.</summary>
    public void Dispose()
    {
        Kill();
        _folder.Delete(recursive: true);
    }

    private void Run()
    {
        string file = Path.Combine(_folder.FullName, "config.yml");
        File.WriteAllText(file, DebianRegistryConfiguration.Write(_options, Host, _folder.FullName));
        var listening = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("/bin/sh", ["-c", Shell, Tool.Find(Program)!, file])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };

        // The registry reads all variables with this prefix as its settings, including REGISTRY_AUTH_FILE, which is for clients.
        foreach (string name in process.StartInfo.Environment.Keys.Where(name => name.StartsWith("REGISTRY_", StringComparison.Ordinal)).ToList())
        {
            process.StartInfo.Environment.Remove(name);
        }

        process.OutputDataReceived += (_, line) => Hear(line.Data, listening);
        process.ErrorDataReceived += (_, line) => Hear(line.Data, listening);
        process.Start();
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Host = listening.Task.WaitAsync(s_patience).ContinueWith(task => task.IsCompletedSuccessfully ? task.Result : null, TaskScheduler.Default).Result
            ?? throw new InvalidOperationException($"{Program} did not start: {Log}");
    }

    private void Hear(string? line, TaskCompletionSource<string?> listening)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        if (Listening().Match(line) is { Success: true } match)
        {
            // The registry listens before it writes this line, so connections succeed from here on.
            listening.TrySetResult(match.Groups[1].Value);
        }
        else if (line.Contains("\"level\":\"fatal\"", StringComparison.Ordinal) || line.StartsWith("configuration error", StringComparison.Ordinal))
        {
            listening.TrySetResult(null);
        }
    }

    [GeneratedRegex(@"""msg"":""listening on ([^"",]+)")]
    private static partial Regex Listening();
}
