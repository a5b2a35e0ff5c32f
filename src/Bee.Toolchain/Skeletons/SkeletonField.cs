using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;

namespace Bee.Toolchain.Skeletons;

/// <summary>Collects the fields of a target: no name twice, and no more than a program has room for.</summary>
internal sealed class FieldList
{
    /// <summary>Bytes of one string: enough for most, and several fit on a program's stack of 512 bytes.</summary>
    public const int StringSize = 64;

    // Half of the stack: the rest is for the fields that every skeleton has, and for the calls of helpers.
    private const int MostBytes = 256;
    private const int MostFields = 12;

    // Names of C, of the skeletons' own variables, and of fields that every skeleton has. What the kernel calls pid may be another process than the one that runs.
    private static readonly HashSet<string> s_taken =
        ["at", "pid", "comm", "times", "since", "size", "ctx", "event", "key", "latest", "empty", "count", "value", "now", "before", "thread", "record", "task"];

    private readonly List<SkeletonField> _fields = [];
    private readonly List<string> _leftOut = [];
    private readonly HashSet<string> _names = new(s_taken, StringComparer.OrdinalIgnoreCase);
    private int _bytes;

    /// <summary>The name to take for a value: its own, or one near it.</summary>
    public string Free(string name)
    {
        string free = name;
        for (int number = 2; _names.Contains(free); number++)
        {
            free = number == 2 ? $"its_{name}" : $"{name}{number}";
        }

        return free;
    }

    public void Add(SkeletonField field)
    {
        if (_fields.Count == MostFields || _bytes + field.Size > MostBytes)
        {
            _leftOut.Add(field.Name);
        }
        else if (_names.Add(field.Name))
        {
            _bytes += field.Size;
            _fields.Add(field);
        }
    }

    public void LeaveOut(string name) => _leftOut.Add(name);

    /// <summary>The shape with these fields.</summary>
    public TargetShape Shape(string signature) => new(signature, _fields) { LeftOut = _leftOut };
}

/// <summary>Makes fields of values of the kernel's types.</summary>
internal static class ValueField
{
    /// <summary>The field for a value that C can copy: an integer, an enum or a pointer. Null for others.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="expression">C that gives the value.</param>
    public static SkeletonField? Scalar(string name, BtfType type, string expression) => type.Resolve() switch
    {
        BtfPointer => Pointer(name, expression),
        BtfEnum { Name.Length: 0 } or BtfInt { Size: > 8 } => null,
        BtfInt or BtfEnum => new SkeletonField($"{Spell(type)} {name}", $"@ = {expression};", null, type.Size),
        _ => null,
    };

    /// <summary>The field for a pointer as a number, shown in hex.</summary>
    public static SkeletonField Pointer(string name, string expression)
        => new($"const void *{name}", $"@ = (const void *){expression};", null, sizeof(ulong));

    /// <summary>The field for text that the kernel or the process has somewhere.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="read">The helper that reads it: of the kernel's memory or the process's.</param>
    /// <param name="address">C that gives its address.</param>
    public static SkeletonField Text(string name, string read, string address)
        => new($"char {name}[{FieldList.StringSize}]", $"{read}(@, sizeof(@), {address});", "cut where it is longer", FieldList.StringSize);

    /// <summary>A type as vmlinux.h has it: without const, but under its typedef.</summary>
    public static string Spell(BtfType type)
    {
        while (type is BtfModifier modifier)
        {
            type = modifier.Target;
        }

        return type is BtfInt { IsBool: true } ? "bool" : type.ToString();
    }
}

/// <summary>A field of what a skeleton reports.</summary>
/// <param name="Declaration">As in a C struct, without the semicolon: <c>char comm[16]</c>.</param>
/// <param name="Assignment">The statements that set it, with <c>@</c> for the field.</param>
/// <param name="Comment">What it means, or null where the name says it.</param>
/// <param name="Size">Its size in bytes.</param>
internal sealed record SkeletonField(string Declaration, string Assignment, string? Comment, int Size)
{
    /// <summary>The declared name.</summary>
    public string Name { get; } = NameOf(Declaration);

    /// <summary>The line of the struct.</summary>
    public string Line => Comment is null ? $"{Declaration};" : $"{Declaration};\t// {Comment}";

    /// <summary>The statements, for a field of this struct.</summary>
    /// <param name="place">What stands before the field's name: <c>event-&gt;</c> or <c>key.</c></param>
    public IEnumerable<string> Statements(string place) => Assignment.Replace("@", place + Name).Split('\n');

    private static string NameOf(string declaration)
    {
        int end = declaration.IndexOf('[');
        string head = (end < 0 ? declaration : declaration[..end]).TrimEnd();
        int start = head.Length;
        while (start > 0 && (char.IsAsciiLetterOrDigit(head[start - 1]) || head[start - 1] == '_'))
        {
            start--;
        }

        return head[start..];
    }
}

/// <summary>The running kernel's types, read once.</summary>
internal static class KernelTypes
{
    private static readonly Lazy<BtfSpec?> s_read = new(() =>
    {
        try
        {
            return BtfSpec.ReadKernel();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            return null;
        }
    });

    /// <summary>The types, or null where the kernel does not show them: skeletons are plainer then.</summary>
    public static BtfSpec? Graph => s_read.Value;
}
