using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Bee.Packages;

namespace Bee.Registries;

/// <summary>
/// Debian's rsyslog; installed, or unpacked into the cache folder with the libraries that this machine lacks. It listens on one loopback port over UDP and TCP and parses structured data.
/// Disposing stops it.
/// </summary>
public sealed class Rsyslog : IDisposable
{
    private static readonly Lazy<(string? Path, string? Reason)> s_found = new(Find);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-rsyslog-");
    private readonly Process _process;

    /// <summary>Starts rsyslog, and returns when it listens.</summary>
    public Rsyslog()
    {
        string root = s_found.Value.Path ?? throw new InvalidOperationException(s_found.Value.Reason);
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        string library = new FileInfo(Directory.GetFiles(Path.Combine(root, "usr/lib"), "imtcp.so", SearchOption.AllDirectories)[0]).Directory!.Parent!.FullName;
        string file = Path.Combine(_folder.FullName, "rsyslog.conf");
        File.WriteAllText(file, $$"""
            global(workDirectory="{{_folder.FullName}}" maxMessageSize="64k" net.enableDNS="off")
            module(load="imtcp") module(load="imudp") module(load="mmpstrucdata")
            input(type="imtcp" port="{{Port}}" address="127.0.0.1" ruleset="received")
            input(type="imudp" port="{{Port}}" address="127.0.0.1" ruleset="received")
            template(name="json" type="list") { property(name="jsonmesg") constant(value="\n") }
            ruleset(name="received") { action(type="mmpstrucdata") action(type="omfile" file="{{_folder.FullName}}/received" template="json") }
            """);
        var start = new ProcessStartInfo(Path.Combine(root, "usr/sbin/rsyslogd"), ["-n", "-f", file, "-i", Path.Combine(_folder.FullName, "pid")]) { RedirectStandardError = true };
        start.Environment["LD_LIBRARY_PATH"] = library;
        start.Environment["RSYSLOG_MODDIR"] = Path.Combine(library, "rsyslog/");
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        while (!Answers())
        {
            Thread.Sleep(20);
        }
    }

    /// <summary>Why rsyslog is not available; null if it is.</summary>
    public static string? Obstacle => s_found.Value.Reason;

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>Waits for a number of messages, and returns them as parsed by rsyslog.</summary>
    public IReadOnlyList<JsonElement> Received(int count)
    {
        string file = Path.Combine(_folder.FullName, "received");
        string[] lines;
        do
        {
            Thread.Sleep(20);
            lines = File.Exists(file) ? File.ReadAllText(file).Split('\n')[..^1] : [];
        }
        while (lines.Length < count && !_process.HasExited);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement.Clone())];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private bool Answers()
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException("rsyslogd did not start.");
        }

        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static (string?, string?) Find()
    {
        try
        {
            // The oldest build runs on all supported systems.
            return (CachedPackage.Obtain("tools", "rsyslog-bookworm", (keep, work) => PackageSource.Open("bookworm", null, work).UnpackWithDependencies("rsyslog", keep)), null);
        }
        catch (Exception exception) when (exception is PackageMissingException or IOException or UnauthorizedAccessException)
        {
            return (null, $"rsyslog of Debian's bookworm cannot be had: {exception.Message}");
        }
    }
}
