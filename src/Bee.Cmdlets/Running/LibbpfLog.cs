using System.Management.Automation;

namespace Bee.Cmdlets;

/// <summary>
/// Keeps the lines that libbpf writes, until it has returned: writing to a PowerShell stream can throw, and must not do so through
/// native frames.
/// </summary>
internal sealed class LibbpfLog
{
    private readonly List<string> _lines = [];

    public void Add(string line) => _lines.Add(line);

    /// <summary>Writes the lines to the Debug stream, and forgets them.</summary>
    public void WriteTo(Cmdlet cmdlet)
    {
        string[] lines = [.. _lines];
        _lines.Clear();
        foreach (string line in lines)
        {
            cmdlet.WriteDebug(line);
        }
    }
}
