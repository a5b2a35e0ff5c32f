using System.Diagnostics;

namespace Bee.Cmdlets.Tests;

/// <summary>A shell process that acts only on request, so that a test sees exactly the calls that it asked for.</summary>
internal sealed class Load : IDisposable
{
    private readonly Process _shell;

    public Load()
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add("-s");
        _shell = Process.Start(start)!;
        // Waits until the shell has started, because the files that it opens then are not part of the test.
        Do(":");
    }

    /// <summary>The id of the process.</summary>
    public int Id => _shell.Id;

    /// <summary>Lets the shell run a line and waits for its end. Nothing is redirected, because that would open files.</summary>
    public void Do(string line)
    {
        Send($"{line}\necho done");
        while (_shell.StandardOutput.ReadLine() is { } said && said != "done")
        {
        }
    }

    /// <summary>Lets the shell run a line and does not wait.</summary>
    public void Send(string line)
    {
        _shell.StandardInput.WriteLine(line);
        _shell.StandardInput.Flush();
    }

    /// <summary>Lets the shell repeat a line, with a short sleep after each, for five minutes or until it is disposed.</summary>
    public Load Repeat(string line)
    {
        Send($"exec >/dev/null 2>&1; i=0; while [ $i -lt 6000 ]; do {line}; sleep 0.05; i=$((i + 1)); done");
        return this;
    }

    public void Dispose()
    {
        _shell.Kill(entireProcessTree: true);
        _shell.WaitForExit();
        _shell.Dispose();
    }
}
