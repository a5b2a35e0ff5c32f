namespace Bee.Telemetry.Captures;

/// <summary>A capture: what a writer has written, or what a file says of itself.</summary>
public sealed record CaptureFile
{
    /// <summary>The file's path; of a capture in several files a pattern that all of them match.</summary>
    public required string Path { get; init; }

    /// <summary>The events in it. Of a capture in several files the sum over those that are kept.</summary>
    public long Events { get; init; }

    /// <summary>The lost events that it reports, in the files that are kept; null where losses were not counted.</summary>
    public ulong? Lost { get; init; }

    /// <summary>The length in bytes, of all kept files together.</summary>
    public long Bytes { get; init; }

    /// <summary>The number of files that are kept.</summary>
    public int Files { get; init; } = 1;

    /// <summary>The number of files that were removed, since there were more than the limit.</summary>
    public int FilesRemoved { get; init; }

    /// <summary>The events that were in the removed files.</summary>
    public long EventsRemoved { get; init; }

    /// <summary>Whether the capture has its end. One whose writer was killed, or still writes, does not.</summary>
    public bool IsComplete { get; init; }

    /// <summary>When the capture began, in local time.</summary>
    public DateTime Started { get; init; }

    /// <summary>When its last events were written, in local time; null if it has none.</summary>
    public DateTime? Ended { get; init; }

    /// <summary>The name of the machine that it was made on.</summary>
    public string Host { get; init; } = string.Empty;

    /// <summary>The release of that machine's kernel.</summary>
    public string Kernel { get; init; } = string.Empty;

    /// <summary>The architecture of that machine, as .NET names it: X64, Arm64.</summary>
    public string Architecture { get; init; } = string.Empty;

    /// <summary>The version of Bee that wrote it.</summary>
    public string BeeVersion { get; init; } = string.Empty;

    /// <summary>The sums of each stream; empty if the capture does not have its end.</summary>
    public IReadOnlyList<CaptureStream> Streams { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => Path;
}

/// <summary>The sums of one stream of a capture.</summary>
/// <param name="Name">The map's name, or the iterator's.</param>
/// <param name="Events">The events.</param>
/// <param name="Lost">The lost events; null where they were not counted.</param>
public sealed record CaptureStream(string Name, long Events, ulong? Lost)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Where a <see cref="CaptureWriter"/> writes, and how much.</summary>
/// <param name="Path">The file. With a <see cref="MaxSize"/>, files are written whose names have a number before the extension.</param>
public sealed record CaptureOptions(string Path)
{
    /// <summary>The bytes after which a new file is begun; null for one file without a limit.</summary>
    public long? MaxSize { get; init; }

    /// <summary>The number of files that are kept; the oldest are removed. Null to keep all.</summary>
    public int? MaxFiles { get; init; }

    /// <summary>Whether captures that exist under the names are replaced.</summary>
    public bool Replace { get; init; }
}
