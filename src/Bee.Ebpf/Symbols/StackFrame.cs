using System.Globalization;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// One call of a stack trace. Its names are looked up when they are first asked for, and kept. Safe to read from any thread.
/// </summary>
public sealed class StackFrame : IEquatable<StackFrame>
{
    private readonly FrameSource _source;
    private readonly bool _isCaller;
    private FrameName? _name;

    internal StackFrame(ulong address, FrameSource source, bool isCaller)
    {
        Address = address;
        _source = source;
        _isCaller = isCaller;
    }

    /// <summary>The function's name; null where it is not known.</summary>
    public string? Symbol => Name.Symbol;

    /// <summary>How many bytes behind the function's beginning; null where the function is not known.</summary>
    public ulong? Offset => Name.Offset;

    /// <summary>Where the code comes from: <c>kernel</c>, a kernel module, the path of a program or library, or such as <c>[vdso]</c>; null where it is not known.</summary>
    public string? Module => Name.Module;

    /// <summary>Where in the file of a program or library the code stands; null for the kernel, and where the file is not known.</summary>
    public ulong? FileOffset => Name.FileOffset;

    /// <summary>The build id of the program or library in hex digits, for stacks that the kernel records by build id; otherwise null.</summary>
    public string? BuildId => _source.BuildId;

    /// <summary>The address in memory: of the innermost frame where it was, of the others where it returns to. 0 where the kernel recorded a build id instead.</summary>
    public ulong Address { get; }

    /// <summary>Whether the code is the kernel's.</summary>
    public bool IsKernel => _source.IsKernel;

    internal FrameName Name => _name ??= _source.Find(Address, _isCaller);

    /// <summary>The best name that there is: <c>vfs_read+0x4c</c>, <c>libc.so.6+0x9a3c1</c>, or the address.</summary>
    /// <returns>A name; the same text in every culture.</returns>
    public override string ToString()
    {
        var name = Name;
        return name switch
        {
            { Symbol: { } symbol, Offset: { } offset } => string.Create(CultureInfo.InvariantCulture, $"{symbol}+0x{offset:x}"),
            { Module: { } module, FileOffset: { } offset } => string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(module)}+0x{offset:x}"),
            _ when BuildId is { } build => build,
            _ => string.Create(CultureInfo.InvariantCulture, $"0x{Address:x}"),
        };
    }

    /// <summary>The function's name, or where there is none the file's in brackets, or <c>[unknown]</c>: what frames are counted under.</summary>
    internal string Label => Name switch
    {
        { Symbol: { } symbol } => symbol,
        { Module: { } module } => module.StartsWith('[') ? module : $"[{Path.GetFileName(module)}]",
        _ => "[unknown]",
    };

    /// <summary>Whether another frame is at the same place and has the same names.</summary>
    /// <param name="other">The other frame.</param>
    /// <returns>Whether they are equal.</returns>
    public bool Equals(StackFrame? other) => other is not null && Address == other.Address && Name == other.Name && BuildId == other.BuildId;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StackFrame);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Address, Name);
}

/// <summary>What is known of an address.</summary>
internal sealed record FrameName(string? Symbol, ulong? Offset, string? Module, ulong? FileOffset)
{
    public static readonly FrameName Unknown = new(null, null, null, null);
}

/// <summary>Who knows the names of a frame.</summary>
internal abstract class FrameSource
{
    /// <summary>The build id that the kernel recorded in place of an address, or null.</summary>
    public virtual string? BuildId => null;

    /// <summary>Whether the code is the kernel's.</summary>
    public virtual bool IsKernel => false;

    /// <summary>Looks an address up.</summary>
    /// <param name="address">The address.</param>
    /// <param name="isCaller">Whether it is a return address. It belongs to the call before it, which may be the last instruction of its function.</param>
    public abstract FrameName Find(ulong address, bool isCaller);
}

/// <summary>Frames of the kernel and its modules.</summary>
internal sealed class KernelFrames : FrameSource
{
    public static readonly KernelFrames Instance = new();

    public override bool IsKernel => true;

    /// <summary>Whether an address is the kernel's: it has the upper half on all architectures that Bee runs on.</summary>
    public static bool Owns(ulong address) => address >> 63 != 0;

    public override FrameName Find(ulong address, bool isCaller)
    {
        var at = isCaller ? address - 1 : address;
        return LoadedCode.Find(at) is { } own
            ? new FrameName(own.Name, address - own.Address, "bpf", null)
            : KernelSymbols.Current().Find(at) is { } found
            ? new FrameName(found.Name, address - found.Address, found.Module, null)
            : new FrameName(null, null, KernelSymbols.Kernel, null);
    }
}

/// <summary>Frames of a process, by what it had mapped when the stack was taken.</summary>
internal sealed class UserFrames(ProcessMappings process) : FrameSource
{
    public override FrameName Find(ulong address, bool isCaller)
    {
        var at = isCaller ? address - 1 : address;
        var behind = address - at;
        if (process.Find(at) is not { } mapping)
        {
            return FrameName.Unknown;
        }

        if (!mapping.IsFile)
        {
            return process.Generated(at) is { } generated
                ? new FrameName(generated.Name, generated.Offset + behind, "[generated]", null)
                : new FrameName(null, null, mapping.Path.Length > 0 ? mapping.Path : "[anonymous]", null);
        }

        var place = at - mapping.Start + mapping.Offset;
        return mapping.Functions(process)?.Functions?.Find(place) is { } found
            ? new FrameName(found.Name, found.Offset + behind, mapping.FilePath, place + behind)
            : new FrameName(null, null, mapping.FilePath, place + behind);
    }
}

/// <summary>Frames of which nothing is known but the address: of a process that was not named, or has gone.</summary>
internal sealed class UnknownFrames : FrameSource
{
    public static readonly UnknownFrames Instance = new();

    public override FrameName Find(ulong address, bool isCaller) => FrameName.Unknown;
}

/// <summary>A frame whose name was looked up on the machine that it was captured on.</summary>
/// <param name="name">The name.</param>
/// <param name="buildId">The build id, or null.</param>
/// <param name="isKernel">Whether the code is the kernel's.</param>
internal sealed class CapturedFrame(FrameName name, string? buildId, bool isKernel) : FrameSource
{
    public override string? BuildId => buildId;

    public override bool IsKernel => isKernel;

    public override FrameName Find(ulong address, bool isCaller) => name;
}

/// <summary>A frame that the kernel recorded as a build id and a place in the file.</summary>
/// <param name="buildId">The build id in hex digits.</param>
/// <param name="place">The place in the file.</param>
/// <param name="hint">The process, or null: its files are looked at first.</param>
internal sealed class BuildIdFrame(string buildId, ulong place, ProcessMappings? hint) : FrameSource
{
    public override string BuildId => buildId;

    public override FrameName Find(ulong address, bool isCaller)
    {
        if (BuildIds.Find(buildId, hint) is not { } file)
        {
            return new FrameName(null, null, null, place);
        }

        var behind = isCaller && place > 0 ? 1ul : 0ul;
        return file.Functions?.Find(place - behind) is { } found
            ? new FrameName(found.Name, found.Offset + behind, file.Path, place)
            : new FrameName(null, null, file.Path, place);
    }
}
