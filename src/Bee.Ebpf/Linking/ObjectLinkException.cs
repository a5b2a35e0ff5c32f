using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>Objects cannot be linked into one.</summary>
public sealed class ObjectLinkException : BeeException
{
    internal ObjectLinkException(string? file, int errno, string log)
        : base("LinkFailed", Describe(errno, log))
    {
        File = file;
        Log = log;
    }

    /// <summary>The object that did not fit those before it; null where it is none of them.</summary>
    public string? File { get; }

    /// <summary>What libbpf said.</summary>
    public string Log { get; }

    private static string Describe(int errno, string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0
            ? $"libbpf does not link it: {Libc.Describe(errno)}."
            : string.Join("; ", lines.Select(line => line.StartsWith("libbpf: ", StringComparison.Ordinal) ? line["libbpf: ".Length..] : line));
    }
}
