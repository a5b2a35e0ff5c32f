using System.Globalization;
using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Base;

/// <summary>
/// Converts a number of seconds, or text such as 200ms, 1.5s, 5m or 1h, to a TimeSpan. Without it, PowerShell reads a bare number as ticks.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    private const string Forms = "Give seconds (5, 0.5), a number with a unit (200ms, 1.5s, 5m, 1h) or a TimeSpan (00:00:05).";

    /// <summary>Gets or sets the shortest duration that the parameter accepts, in milliseconds.</summary>
    public int ShortestMilliseconds { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = Convert(inputData is PSObject wrapped ? wrapped.BaseObject : inputData);
        return value switch
        {
            TimeSpan span when span < TimeSpan.Zero => throw new ArgumentTransformationMetadataException(
                $"A duration cannot be negative: {span.TotalSeconds.ToString(CultureInfo.InvariantCulture)} seconds."),
            TimeSpan span when span.TotalMilliseconds < ShortestMilliseconds => throw new ArgumentTransformationMetadataException(
                $"{span.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)} ms is too short. Give {ShortestMilliseconds}ms or more."),
            _ => value,
        };
    }

    private static object? Convert(object? value)
        => value switch
        {
            null or TimeSpan => value,
            byte or sbyte or short or ushort or int or uint or long or ulong or float or double or decimal
                => Seconds(System.Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            string text => Parse(text),
            // -Duration 1,5 arrives as a list, because the comma is an operator in PowerShell.
            System.Collections.IList { Count: > 1 } list => throw new ArgumentTransformationMetadataException(
                $"A duration is a single value, but {list.Count} were given. {Forms} The decimal separator is a point."),
            _ => throw NotADuration($"{value}"),
        };

    private static object Parse(string text)
    {
        text = text.Trim();
        (string unit, double seconds)[] units = [("ms", 0.001), ("us", 0.000001), ("s", 1), ("m", 60), ("h", 3600)];
        foreach ((string unit, double seconds) in units)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase) && TryNumber(text[..^unit.Length], out double count))
            {
                return Seconds(count * seconds);
            }
        }

        return TryNumber(text, out double plain) ? Seconds(plain)
            : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span) ? span
            : throw NotADuration(text);
    }

    private static ArgumentTransformationMetadataException NotADuration(string text) => new($"'{text}' is not a duration. {Forms}");

    private static bool TryNumber(string text, out double number)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static TimeSpan Seconds(double seconds)
    {
        // TimeSpan.FromSeconds throws if the number is out of range. A duration of centuries is as good as unlimited.
        double limit = TimeSpan.MaxValue.TotalSeconds / 2;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, -limit, limit));
    }
}

/// <summary>Rejects a list of tools for a parameter that accepts one. The engine's own message would name .NET types and methods.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class OneProgramAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
        => (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is System.Collections.IList { Count: > 1 } list
            ? throw new ArgumentTransformationMetadataException($"The parameter accepts one tool, but {list.Count} were given. Give one, or pass them through the pipeline.")
            : inputData;
}

/// <summary>
/// Converts a percentage with its sign, such as 1% or 0.5%, to a share from 0 to 1. Rejects a number without the sign: 0.5 could be half a percent or a half.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class PercentageAttribute : ArgumentTransformationAttribute
{
    private const string Forms = "Give a number above 0 and up to 100 with a percent sign, such as 1% or 0.5%. The decimal separator is a point.";

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
        => (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            null => throw new ArgumentTransformationMetadataException($"Null is not a percentage. {Forms}"),
            string text when text.TrimEnd() is [.. var number, '%'] => Share(text, number),
            // -MaxOverhead 0,5% arrives as a list, because the comma is an operator in PowerShell.
            System.Collections.IList { Count: > 1 } list => throw new ArgumentTransformationMetadataException($"A percentage is a single value, but {list.Count} were given. {Forms}"),
            IFormattable number => throw new ArgumentTransformationMetadataException(WithoutSign(number.ToString(null, CultureInfo.InvariantCulture))),
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => throw new ArgumentTransformationMetadataException(WithoutSign(text)),
            var other => throw new ArgumentTransformationMetadataException($"'{other}' is not a percentage. {Forms}"),
        };

    private static object Share(string text, string number)
        => double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double percent) && percent is > 0 and <= 100
            ? percent / 100
            : throw new ArgumentTransformationMetadataException($"'{text}' is not a percentage. {Forms}");

    private static string WithoutSign(string number) => $"'{number}' has no percent sign, so it could mean a percentage or a fraction of 1. {Forms}";
}

/// <summary>
/// Rejects a host, a reference or a URL that contains a login, such as <c>name:password@ghcr.io/x</c>. So no secret reaches the cmdlet, which could repeat it in a
/// message, a target object or another stream.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class WithoutLoginAttribute : ArgumentTransformationAttribute
{
    /// <summary>Gets or sets whether the parameter accepts paths too. Existing files, and text that begins as a path, pass unchanged.</summary>
    public bool OrPath { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            string text => IsSecret(engineIntrinsics, text) ? Redaction.WithoutLogin(text) : inputData,
            Uri { OriginalString: var text } => Transform(engineIntrinsics, text),
            // The other items of an array stay unchanged: they may be objects, which the engine converts.
            System.Collections.IList { Count: > 0 } list => list.Cast<object?>().Select(item => Transform(engineIntrinsics, item)).ToArray(),
            _ => inputData,
        };
    }

    private bool IsSecret(EngineIntrinsics engine, string text)
    {
        if (!Redaction.HasLogin(text) || !OrPath)
        {
            return Redaction.HasLogin(text);
        }

        bool isUrl = text.Contains("://", StringComparison.Ordinal);
        // A URL without a scheme begins with two slashes.
        bool isPath = text.Length > 0 && text[0] is '/' or '.' or '~' && !text.StartsWith("//", StringComparison.Ordinal);
        return isUrl || (!isPath && !Exists(engine, text) && (!WildcardPattern.ContainsWildcardCharacters(text) || text.AsSpan(0, text.IndexOf('@') + 1).Contains(':')));
    }

    private static bool Exists(EngineIntrinsics engine, string path)
    {
        try
        {
            return System.IO.Path.Exists(engine.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path));
        }
        catch (Exception error) when (error is RuntimeException or NotSupportedException)
        {
            // The text has the form of a path on a drive that does not exist.
            return false;
        }
    }
}

/// <summary>Converts hex digits to bytes: <c>45 00 00 1c</c>, <c>45:00</c>, <c>0x45, 0x00</c>. Separators are ignored.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class HexBytesAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
        => (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            string text => Parse(text),
            // The lines of a file, or of a here-string that was split.
            object[] { Length: > 0 } lines when lines.All(line => (line is PSObject one ? one.BaseObject : line) is string) => Parse(string.Concat(lines)),
            _ => inputData,
        };

    private static byte[] Parse(string text)
    {
        string digits = string.Concat(text.Replace("0x", string.Empty, StringComparison.OrdinalIgnoreCase).Where(letter => !char.IsWhiteSpace(letter) && letter is not (':' or '-' or ',')));
        try
        {
            return Convert.FromHexString(digits);
        }
        catch (FormatException)
        {
            throw new ArgumentTransformationMetadataException($"'{(text.Length <= 60 ? text : text[..57] + "...")}' does not consist of hex digits, two for each byte.");
        }
    }
}
