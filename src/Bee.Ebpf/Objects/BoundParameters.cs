namespace Bee.Ebpf.Objects;

/// <summary>
/// The bytes that the parameters of one object get when it is loaded: given values, and the author's defaults of the others. <c>BindParameters</c> makes it of an
/// <see cref="ObjectFile"/>; it does not change, and can be used for several sessions.
/// </summary>
public sealed class BoundParameters
{
    private readonly ReadOnlyMemory<byte> _object;
    private readonly Dictionary<(string Section, int Offset), byte[]> _values;

    /// <param name="file">The object.</param>
    /// <param name="values">The bytes of each parameter that does not keep the value in the file, by the parameter's place.</param>
    internal BoundParameters(ObjectFile file, Dictionary<(string Section, int Offset), byte[]> values)
    {
        _object = file.Bytes;
        _values = values;
    }

    /// <summary>How many parameters get another value than the file has.</summary>
    public int Count => _values.Count;

    /// <summary>The bytes, by the parameter's place.</summary>
    internal IReadOnlyDictionary<(string Section, int Offset), byte[]> Values => _values;

    /// <summary>Returns the bytes that a parameter has when the object is loaded.</summary>
    /// <param name="parameter">A parameter of the object.</param>
    public ReadOnlyMemory<byte> this[ParameterDescription parameter]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(parameter);
            return _values.TryGetValue((parameter.Section, parameter.Offset), out var bytes) ? bytes : parameter.Default;
        }
    }

    /// <summary>Whether these are an object's; metadata makes no difference.</summary>
    internal bool AreOf(ObjectFile file) => _object.Equals(file.Bytes) || _object.Span.SequenceEqual(file.Bytes.Span);
}
