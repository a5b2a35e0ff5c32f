using System.Diagnostics;
using System.Globalization;
using Bee.Cmdlets.Tests;

namespace Bee.Terminal.Tests.Support;

/// <summary>tests/fixtures/firehose.bpf.c, compiled once.</summary>
public sealed class FirehoseObject : IDisposable
{
    private readonly TempFolder _folder = new();

    public FirehoseObject()
    {
        Path = _folder["firehose.o"];
        if (KernelTests.Obstacle is null)
        {
            using var build = Process.Start(new ProcessStartInfo(
                BeeModule.PowerShell, ["-NoProfile", "-NonInteractive", "-Command", $"Import-Module '{BeeModule.Path}'; $null = Invoke-BeeBuild '{BeeModule.File("tests", "fixtures", "firehose.bpf.c")}' -BinaryOnly -OutFile '{Path}'"]))!;
            build.WaitForExit();
            Assert.Equal(0, build.ExitCode);
        }
    }

    internal string Path { get; }

    public void Dispose() => _folder.Dispose();
}

/// <summary>A shell that opens a file a hundred times a second. The firehose emits events for it.</summary>
internal sealed class FirehoseLoad : IDisposable
{
    private readonly Process _shell;

    /// <param name="name">The name that the process sets for itself; null for its default.</param>
    public FirehoseLoad(string? name = null)
    {
        string rename = name is null ? "" : $"printf '{name}' > /proc/$$/comm; ";
        _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", rename + "i=0; while [ $i -lt 30000 ]; do read x < /etc/hostname; sleep 0.009; i=$((i + 1)); done"]))!;
    }

    public string Id => _shell.Id.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _shell.Kill(entireProcessTree: true);
        _shell.WaitForExit();
        _shell.Dispose();
    }
}
