namespace Bee.Ebpf;

/// <summary>
/// Says what is wrong with a value, before it is known which parameter or entry it is for. Never leaves the encoders, which make a <see cref="BpfParameterException"/> or a
/// <see cref="BpfMapException"/> of it: no <see cref="Bee.Posix.BeeException"/>, since its id depends on that.
/// </summary>
internal sealed class EncodeException(string message) : Exception(message)
{
    /// <summary>What kind of fault it is in an entry of a map.</summary>
    public MapFault Fault { get; private init; } = MapFault.BadValue;

    public static EncodeException Wrong(object? value, string wanted) =>
        new(value is null ? $"wants {wanted}, and got nothing." : $"wants {wanted}, and got {Show(value)}.");

    /// <summary>A field that there is not.</summary>
    public static EncodeException NoField(string name, IEnumerable<string> fields)
    {
        string[] known = [.. fields];
        var near = Suggest.Nearest(name, known, 1);
        return new($"has no field '{name}'{(near.Count > 0 ? $" ('{near[0]}'?)" : "")}; its fields are {string.Join(", ", known)}.") { Fault = MapFault.UnknownField };
    }

    /// <summary>The same fault, told of a field.</summary>
    public EncodeException In(string field) => new(Message.StartsWith('\'') ? $"'{field}.{Message[1..]}" : $"'{field}' {Message}") { Fault = Fault };

    private static string Show(object value)
    {
        var text = value switch
        {
            string s => $"'{s}'",
            IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            _ => $"a {value.GetType().Name}",
        };
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
