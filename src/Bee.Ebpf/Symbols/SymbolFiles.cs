using System.Collections.Concurrent;

namespace Bee.Ebpf;

/// <summary>What is known of a program or library: as long as the file does not change, it is read once.</summary>
internal sealed class SymbolFile(string? buildId)
{
    /// <summary>The build id in hex digits, or null.</summary>
    public string? BuildId { get; } = buildId;

    /// <summary>Its functions; null as long as nobody has asked for them.</summary>
    public ElfFunctions? Functions { get; set; }
}

/// <summary>The programs and libraries that names were looked up in, by device, inode, time of change and length.</summary>
internal static class SymbolFiles
{
    private const string DebugFolder = "/usr/lib/debug/.build-id";
    // Beyond this all are forgotten and read again as needed: some have symbols of many megabytes.
    private const int Most = 512;

    private static readonly ConcurrentDictionary<FileFacts, SymbolFile> s_files = new();

    /// <summary>A file by its path; null where it cannot be opened or is another one.</summary>
    /// <param name="path">Where it is now.</param>
    /// <param name="inode">The inode that it must have, or 0 for any.</param>
    /// <param name="withFunctions">Whether its functions are wanted too. They are read while the file is open: the path may be good for a moment only.</param>
    public static SymbolFile? Get(string path, ulong inode, bool withFunctions)
    {
        using var file = FileFacts.TryOpen(path, out var facts);
        if (file is null || (inode != 0 && facts.Inode != inode))
        {
            return null;
        }

        if (s_files.TryGetValue(facts, out var known) && (!withFunctions || known.Functions is not null))
        {
            return known;
        }

        var image = ElfImage.Open(file);
        known ??= Keep(facts, new SymbolFile(image?.BuildId));
        if (withFunctions && image is not null)
        {
            known.Functions = Read(image);
        }

        return known;
    }

    /// <summary>The file of separate symbols for a build id, as packages of debug symbols install it.</summary>
    public static string DebugPath(string buildId) => buildId.Length > 2 ? $"{DebugFolder}/{buildId[..2]}/{buildId[2..]}.debug" : "";

    private static ElfFunctions Read(ElfImage image)
    {
        using var file = ElfSymbolTable.IsStripped(image) && image.BuildId is { } id ? FileFacts.TryOpen(DebugPath(id), out _) : null;
        var debug = file is null ? null : ElfImage.Open(file);
        return ElfFunctions.Read(image, debug?.BuildId == image.BuildId ? debug : null);
    }

    private static SymbolFile Keep(FileFacts facts, SymbolFile file)
    {
        if (s_files.Count >= Most)
        {
            s_files.Clear();
        }

        return s_files[facts] = file;
    }
}
