namespace Bee.Telemetry.Captures;

/// <summary>Describes a capture: what a <see cref="CaptureWriter"/> has written, or what a <see cref="CaptureReader"/> has read.</summary>
public sealed record CaptureFile
{
    /// <summary>The path of the file. If the capture has several files, a wildcard pattern that matches all of them.</summary>
    public required string Path { get; init; }

    /// <summary>The number of events, in all files that are kept.</summary>
    public long Events { get; init; }

    /// <summary>The number of lost events that the capture reports, in all files that are kept; null if losses were not counted.</summary>
    public ulong? Lost { get; init; }

    /// <summary>The total length of all files that are kept, in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The number of files that are kept.</summary>
    public int Files { get; init; } = 1;

    /// <summary>The number of files that were removed because of <see cref="CaptureOptions.MaxFiles"/>.</summary>
    public int FilesRemoved { get; init; }

    /// <summary>The number of events in the removed files.</summary>
    public long EventsRemoved { get; init; }

    /// <summary>Whether the capture is complete. It is not while its writer runs, or if the writer was killed.</summary>
    public bool IsComplete { get; init; }

    /// <summary>When the capture began, in local time.</summary>
    public DateTime Started { get; init; }

    /// <summary>When the last events were written, in local time; null if the capture has no events.</summary>
    public DateTime? Ended { get; init; }

    /// <summary>The name of the machine that wrote the capture.</summary>
    public string Host { get; init; } = string.Empty;

    /// <summary>The kernel release of that machine.</summary>
    public string Kernel { get; init; } = string.Empty;

    /// <summary>The architecture of that machine, as .NET names it, such as <c>X64</c> or <c>Arm64</c>.</summary>
    public string Architecture { get; init; } = string.Empty;

    /// <summary>The version of Bee that wrote the capture.</summary>
    public string BeeVersion { get; init; } = string.Empty;

    /// <summary>The totals of each stream; empty if the capture is not complete.</summary>
    public IReadOnlyList<CaptureStream> Streams { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => Path;
}

/// <summary>The totals of one stream of a capture.</summary>
/// <param name="Name">The name of the map or iterator.</param>
/// <param name="Events">The number of events.</param>
/// <param name="Lost">The number of lost events; null if losses were not counted.</param>
public sealed record CaptureStream(string Name, long Events, ulong? Lost)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The path and the size limits of a <see cref="CaptureWriter"/>.</summary>
/// <param name="Path">The path of the file. With <see cref="MaxSize"/>, the writer inserts a number before the extension: <c>run.1.beecap</c>, <c>run.2.beecap</c>.</param>
public sealed record CaptureOptions(string Path)
{
    /// <summary>The size in bytes after which a new file begins; null for one file without a limit.</summary>
    public long? MaxSize { get; init; }

    /// <summary>The number of files to keep; older files are removed. Null keeps all.</summary>
    public int? MaxFiles { get; init; }

    /// <summary>Whether to replace existing captures of the same name.</summary>
    public bool Replace { get; init; }
}
