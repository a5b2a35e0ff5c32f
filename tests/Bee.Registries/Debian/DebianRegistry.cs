using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Bee.Registries;

/// <summary>
/// Debian's docker-registry as a process of its own, on a loopback port that the system chose, with its content in a temporary folder.
/// It ends with this object, and also when the process of the tests is killed. It has no referrers API.
/// </summary>
public sealed partial class DebianRegistry : IDisposable
{
    private const string Program = Tool.Registry;

    // The shell waits for the end of its input, which comes with Kill and with the death of whoever started it, and leaves no zombie.
    private const string Shell = "\"$0\" serve \"$1\" & read -r _; kill -9 $!; wait";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-registry-");
    private readonly DebianRegistryOptions _options;
    private readonly StringBuilder _log = new();
    private Process? _process;

    private DebianRegistry(DebianRegistryOptions options) => _options = options;

    /// <summary>Why there is none on this machine; null when there is.</summary>
    public static string? Missing { get; } = Tool.Obstacle(Program);

    /// <summary>Host and port, <c>127.0.0.1:41234</c>.</summary>
    public string Host { get; private set; } = "127.0.0.1:0";

    /// <summary>The port.</summary>
    public int Port => int.Parse(Host[(Host.LastIndexOf(':') + 1)..]);

    /// <summary>Its address, with <c>http</c> or <c>https</c>.</summary>
    public Uri Address => new($"{(_options.Authority is null ? "http" : "https")}://{Host}/");

    /// <summary>The folder with its content, which is there while it is.</summary>
    public string Storage => Path.Combine(_folder.FullName, "storage");

    /// <summary>What it has written so far, a line of JSON for each request.</summary>
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

    /// <summary>Starts one and returns when it answers.</summary>
    /// <param name="options">TLS and authentication; null for neither.</param>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; with what it said.</exception>
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

    /// <summary>Ends it at once, as a failing machine would; what it holds stays.</summary>
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

    /// <summary>Starts it again after <see cref="Kill"/>: on the same port, with what it held.</summary>
    public void Restart()
    {
        Kill();
        Run();
    }

    /// <summary>Ends it and deletes what it held.</summary>
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

        // The registry takes such variables for settings of its own, REGISTRY_AUTH_FILE too, which names the logins of its clients.
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
            // It listens from before it says so: no connection is refused from here on.
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
