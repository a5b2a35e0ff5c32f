namespace Bee.Toolchain;

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
