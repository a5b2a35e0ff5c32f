using System.Globalization;

namespace Bee.Ebpf;

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
    public bool IsKernel => _source is KernelFrames;

    private FrameName Name => _name ??= _source.Find(Address, _isCaller);

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

    /// <summary>Looks an address up.</summary>
    /// <param name="address">The address.</param>
    /// <param name="isCaller">Whether it is a return address. It belongs to the call before it, which may be the last instruction of its function.</param>
    public abstract FrameName Find(ulong address, bool isCaller);
}
