namespace Bee.Toolchain;

/// <summary>Collects the fields of a target: no name twice, and no more than a program has room for.</summary>
internal sealed class FieldList
{
    /// <summary>Bytes of one string: enough for most, and several fit on a program's stack of 512 bytes.</summary>
    public const int StringSize = 64;

    // Half of the stack: the rest is for the fields that every skeleton has, and for the calls of helpers.
    private const int MostBytes = 256;
    private const int MostFields = 12;

    private readonly List<SkeletonField> _fields = [];
    private readonly List<string> _leftOut = [];
    private int _bytes;

    public void Add(SkeletonField field)
    {
        if (_fields.Count == MostFields || _bytes + field.Size > MostBytes)
        {
            _leftOut.Add(field.Name);
            return;
        }

        _bytes += field.Size;
        _fields.Add(field);
    }

    public void LeaveOut(string name) => _leftOut.Add(name);

    public TargetShape Shape(string signature) => new(signature, _fields, _leftOut);
}
