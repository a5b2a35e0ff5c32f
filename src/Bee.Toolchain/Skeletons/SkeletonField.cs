using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;

namespace Bee.Toolchain.Skeletons;

/// <summary>Collects the fields of a target: without duplicate names, up to the size that a program can report.</summary>
internal sealed class FieldList
{
    /// <summary>The size of a string in bytes: sufficient for most, and several fit on a program's stack of 512 bytes.</summary>
    public const int StringSize = 64;

    // Half of the stack. The rest is for the fields that every skeleton has, and for helper calls.
    private const int MostBytes = 256;
    private const int MostFields = 12;

    // C keywords, variables of the skeletons, and fields that every skeleton has. A kernel value named pid may refer to another process than the current one.
    private static readonly HashSet<string> s_taken =
        ["at", "pid", "comm", "times", "since", "size", "ctx", "event", "key", "latest", "empty", "count", "value", "now", "before", "thread", "record", "task"];

    private readonly List<SkeletonField> _fields = [];
    private readonly List<string> _leftOut = [];
    private readonly HashSet<string> _names = new(s_taken, StringComparer.OrdinalIgnoreCase);
    private int _bytes;

    /// <summary>Returns a free name for a value: its own, or a similar one.</summary>
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

    /// <summary>Returns the shape with these fields.</summary>
    public TargetShape Shape(string signature) => new(signature, _fields) { LeftOut = _leftOut };
}

/// <summary>Creates fields for values of kernel types.</summary>
internal static class ValueField
{
    /// <summary>Returns the field for a value that C can copy: an integer, an enum or a pointer. Null for other types.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="expression">A C expression for the value.</param>
    public static SkeletonField? Scalar(string name, BtfType type, string expression) => type.Resolve() switch
    {
        BtfPointer => Pointer(name, expression),
        BtfEnum { Name.Length: 0 } or BtfInt { Size: > 8 } => null,
        BtfInt or BtfEnum => new SkeletonField($"{Spell(type)} {name}", $"@ = {expression};", null, type.Size),
        _ => null,
    };

    /// <summary>Returns the field for a pointer as a number, shown in hexadecimal.</summary>
    public static SkeletonField Pointer(string name, string expression)
        => new($"const void *{name}", $"@ = (const void *){expression};", null, sizeof(ulong));

    /// <summary>Returns the field for text in memory of the kernel or of the process.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="read">The helper that reads it from kernel or process memory.</param>
    /// <param name="address">A C expression for its address.</param>
    public static SkeletonField Text(string name, string read, string address)
        => new($"char {name}[{FieldList.StringSize}]", $"{read}(@, sizeof(@), {address});", "truncated if longer", FieldList.StringSize);

    /// <summary>Returns a type as vmlinux.h spells it: without const, with its typedef.</summary>
    public static string Spell(BtfType type)
    {
        while (type is BtfModifier modifier)
        {
            type = modifier.Target;
        }

        return type is BtfInt { IsBool: true } ? "bool" : type.ToString();
    }
}

/// <summary>A field of a skeleton's event.</summary>
/// <param name="Declaration">The C declaration without the semicolon: <c>char comm[16]</c>.</param>
/// <param name="Assignment">The statements that assign it, with <c>@</c> for the field.</param>
/// <param name="Comment">The comment, or null if the name is sufficient.</param>
/// <param name="Size">The size in bytes.</param>
internal sealed record SkeletonField(string Declaration, string Assignment, string? Comment, int Size)
{
    /// <summary>The declared name.</summary>
    public string Name { get; } = NameOf(Declaration);

    /// <summary>The line in the struct.</summary>
    public string Line => Comment is null ? $"{Declaration};" : $"{Declaration};\t// {Comment}";

    /// <summary>Returns the statements for a field of this struct.</summary>
    /// <param name="place">The text before the field's name: <c>event-&gt;</c> or <c>key.</c></param>
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

/// <summary>Caches the running kernel's types.</summary>
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

    /// <summary>The types, or null if the kernel does not expose them. Skeletons are simpler then.</summary>
    public static BtfSpec? Graph => s_read.Value;
}
