using System.Diagnostics;

namespace Bee.Cmdlets.Tests;

/// <summary>A shell that does nothing until told to, so that what a test sees is what it asked for. Its children are its own.</summary>
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
        // The files that it opens as it starts are not of the test.
        Do(":");
    }

    /// <summary>The process to watch.</summary>
    public int Id => _shell.Id;

    /// <summary>Lets the shell run a line and waits until it has. Nothing is redirected: that would open files.</summary>
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

    /// <summary>Lets the shell repeat a line, with a short sleep after each, for half a minute or until it is disposed.</summary>
    public Load Repeat(string line)
    {
        Send($"exec >/dev/null 2>&1; i=0; while [ $i -lt 600 ]; do {line}; sleep 0.05; i=$((i + 1)); done");
        return this;
    }

    public void Dispose()
    {
        _shell.Kill(entireProcessTree: true);
        _shell.WaitForExit();
        _shell.Dispose();
    }
}
