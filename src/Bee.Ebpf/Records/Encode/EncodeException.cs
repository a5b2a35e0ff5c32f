namespace Bee.Ebpf;

/// <summary>Says what is wrong with a value, before it is known which parameter it is for.</summary>
internal sealed class EncodeException(string message) : Exception(message)
{
    public static EncodeException Wrong(object? value, string wanted) =>
        new(value is null ? $"wants {wanted}, and got nothing." : $"wants {wanted}, and got {Show(value)}.");

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
