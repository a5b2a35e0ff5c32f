using System.Diagnostics;

namespace Bee.Deployments;

/// <summary>A shell of the test's own that opens files again and again, until it is disposed: the only process that the tools watch.</summary>
internal sealed class OpenLoad : IDisposable
{
    private readonly Process _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "while :; do : < /etc/hostname; sleep 0.02; done"]))!;

    /// <summary>The process.</summary>
    public int Id => _shell.Id;

    public void Dispose()
    {
        _shell.Kill(entireProcessTree: true);
        _shell.WaitForExit();
        _shell.Dispose();
    }
}
