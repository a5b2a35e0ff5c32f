namespace Bee.Ebpf.Objects;

/// <summary>
/// The bytes that the parameters of one object get when it is loaded: given values, and the author's defaults of the others. <c>BindParameters</c> makes it of an
/// <see cref="ObjectFile"/>; it does not change, and can be used for several sessions.
/// </summary>
public sealed class BoundParameters
{
    private readonly List<BoundParameter> _values;

    /// <param name="values">The parameters that do not keep the value in the file.</param>
    internal BoundParameters(List<BoundParameter> values) => _values = values;

    /// <summary>How many parameters get another value than the file has.</summary>
    public int Count => _values.Count;

    /// <summary>The parameters that get another value than the file has.</summary>
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

/// <summary>The bytes that one parameter gets.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Bytes">As many bytes as it has.</param>
internal sealed record BoundParameter(ParameterDescription Parameter, byte[] Bytes)
{
    /// <summary>Whether it is the same variable, whatever metadata its description has.</summary>
    public bool IsOf(ParameterDescription parameter) => parameter.Offset == Parameter.Offset && parameter.Section == Parameter.Section;
}
