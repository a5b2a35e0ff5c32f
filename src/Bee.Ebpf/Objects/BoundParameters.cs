namespace Bee.Ebpf.Objects;

/// <summary>
/// The bytes that one object's parameters have when it is loaded: the caller's values, else the author's defaults. <c>BindParameters</c> creates it from an
/// <see cref="ObjectFile"/>. It is immutable, and several sessions can use it.
/// </summary>
public sealed class BoundParameters
{
    private readonly List<BoundParameter> _values;

    /// <param name="values">The parameters whose value differs from the file's.</param>
    internal BoundParameters(List<BoundParameter> values) => _values = values;

    /// <summary>The number of parameters whose value differs from the file's.</summary>
    public int Count => _values.Count;

    /// <summary>The parameters whose value differs from the file's.</summary>
    internal IReadOnlyList<BoundParameter> Values => _values;

    /// <summary>Returns the bytes that a parameter has when the object is loaded.</summary>
    /// <param name="parameter">A parameter of the object.</param>
    public ReadOnlyMemory<byte> this[ParameterDescription parameter]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(parameter);
            return _values.Find(value => value.IsOf(parameter))?.Bytes ?? parameter.Default;
        }
    }
}

/// <summary>The bytes of one parameter.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Bytes">The bytes, as many as the parameter's size.</param>
internal sealed record BoundParameter(ParameterDescription Parameter, byte[] Bytes)
{
    /// <summary>Returns whether it is the same variable. Metadata is ignored.</summary>
    public bool IsOf(ParameterDescription parameter) => parameter.Offset == Parameter.Offset && parameter.Section == Parameter.Section;
}
