using System.Globalization;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// One frame of a stack trace. Its name is looked up on first access and cached. Thread-safe.
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

    /// <summary>The name of the function; null if unknown.</summary>
    public string? Symbol => Name.Symbol;

    /// <summary>The offset from the start of the function in bytes; null if the function is unknown.</summary>
    public ulong? Offset => Name.Offset;

    /// <summary>The origin of the code: <c>kernel</c>, a kernel module, the path of a program or library, or a name such as <c>[vdso]</c>; null if unknown.</summary>
    public string? Module => Name.Module;

    /// <summary>The offset of the code in the file of a program or library; null for the kernel, and if the file is unknown.</summary>
    public ulong? FileOffset => Name.FileOffset;

    /// <summary>The build id of the program or library in hexadecimal digits, for stacks that the kernel records by build id; otherwise null.</summary>
    public string? BuildId => _source.BuildId;

    /// <summary>The address: the instruction of the innermost frame, the return address of the others. 0 if the kernel recorded a build id instead.</summary>
    public ulong Address { get; }

    /// <summary>Whether the code belongs to the kernel.</summary>
    public bool IsKernel => _source.IsKernel;

    internal FrameName Name => _name ??= _source.Find(Address, _isCaller);

    /// <summary>Returns the best available name: <c>vfs_read+0x4c</c>, <c>libc.so.6+0x9a3c1</c>, or the address.</summary>
    /// <returns>The name, independent of the culture.</returns>
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

    /// <summary>The name under which frames are counted: the function's, else the file's in brackets, else <c>[unknown]</c>.</summary>
    internal string Label => Name switch
    {
        { Symbol: { } symbol } => symbol,
        { Module: { } module } => module.StartsWith('[') ? module : $"[{Path.GetFileName(module)}]",
        _ => "[unknown]",
    };

    /// <summary>Returns whether another frame has the same address and names.</summary>
    /// <param name="other">The other frame.</param>
    /// <returns>Whether the frames are equal.</returns>
    public bool Equals(StackFrame? other) => other is not null && Address == other.Address && Name == other.Name && BuildId == other.BuildId;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StackFrame);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Address, Name);
}

/// <summary>The result of looking up an address.</summary>
internal sealed record FrameName(string? Symbol, ulong? Offset, string? Module, ulong? FileOffset)
{
    public static readonly FrameName Unknown = new(null, null, null, null);
}

/// <summary>Looks up the names of frames.</summary>
internal abstract class FrameSource
{
    /// <summary>The build id that the kernel recorded in place of an address, or null.</summary>
    public virtual string? BuildId => null;

    /// <summary>Whether the code belongs to the kernel.</summary>
    public virtual bool IsKernel => false;

    /// <summary>Looks an address up.</summary>
    /// <param name="address">The address.</param>
    /// <param name="isCaller">Whether it is a return address. It then belongs to the call before it, which may be the last instruction of its function.</param>
    public abstract FrameName Find(ulong address, bool isCaller);
}

/// <summary>Frames of the kernel and its modules.</summary>
internal sealed class KernelFrames : FrameSource
{
    public static readonly KernelFrames Instance = new();

    public override bool IsKernel => true;

    /// <summary>Returns whether an address belongs to the kernel: the upper half of the address space, on all architectures that Bee supports.</summary>
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

/// <summary>Frames of a process, by its mappings at the time of the stack trace.</summary>
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

/// <summary>Frames of an unknown process, or of one that has exited: only their address is known.</summary>
internal sealed class UnknownFrames : FrameSource
{
    public static readonly UnknownFrames Instance = new();

    public override FrameName Find(ulong address, bool isCaller) => FrameName.Unknown;
}

/// <summary>A frame of a capture, whose name was looked up on the machine that recorded it.</summary>
/// <param name="name">The name.</param>
/// <param name="buildId">The build id, or null.</param>
/// <param name="isKernel">Whether the code belongs to the kernel.</param>
internal sealed class CapturedFrame(FrameName name, string? buildId, bool isKernel) : FrameSource
{
    public override string? BuildId => buildId;

    public override bool IsKernel => isKernel;

    public override FrameName Find(ulong address, bool isCaller) => name;
}

/// <summary>A frame that the kernel recorded as a build id and a file offset.</summary>
/// <param name="buildId">The build id in hexadecimal digits.</param>
/// <param name="place">The offset in the file.</param>
/// <param name="hint">The process whose files are searched first, or null.</param>
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
