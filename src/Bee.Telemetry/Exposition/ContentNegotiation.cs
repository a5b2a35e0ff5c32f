using System.Globalization;

namespace Bee.Telemetry.Exposition;

/// <summary>Negotiates the content of an answer by the header fields of its request (RFC 9110, section 12.5).</summary>
internal static class ContentNegotiation
{
    /// <summary>Returns the format that a field <c>Accept</c> prefers: the one with the highest <c>q</c>, or the first of several.</summary>
    /// <param name="accept">The value of the field; null if the request has none.</param>
    /// <returns>The format; text if the scraper accepts only other formats, as browsers do.</returns>
    public static ExpositionFormat Format(string? accept)
    {
        var best = ExpositionFormat.Text;
        var quality = 0d;
        foreach (var range in Elements(accept))
        {
            if (range.Quality > quality && Format(range) is { } format)
            {
                (best, quality) = (format, range.Quality);
            }
        }

        return best;
    }

    /// <summary>Returns the value of the field <c>Content-Type</c> for a format.</summary>
    public static string ContentType(ExpositionFormat format) => format switch
    {
        ExpositionFormat.OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ExpositionFormat.Protobuf => "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        _ => "text/plain; version=0.0.4; charset=utf-8",
    };

    /// <summary>Reports whether a field <c>Accept-Encoding</c> allows gzip.</summary>
    /// <param name="acceptEncoding">The value of the field; null if the request has none.</param>
    public static bool AllowsGzip(string? acceptEncoding)
    {
        var any = false;
        foreach (var coding in Elements(acceptEncoding))
        {
            if (coding.Name is "gzip" or "x-gzip")
            {
                return coding.Quality > 0;
            }

            any |= coding.Name == "*" && coding.Quality > 0;
        }

        return any;
    }

    private static ExpositionFormat? Format(Element range) => range.Name switch
    {
        "application/openmetrics-text" when range.Value("version") is null or "1.0.0" => ExpositionFormat.OpenMetrics,
        "application/vnd.google.protobuf" when range.Value("proto") is null or "io.prometheus.client.metricfamily" && range.Value("encoding") is null or "delimited" => ExpositionFormat.Protobuf,
        "text/plain" or "text/*" or "*/*" => ExpositionFormat.Text,
        _ => null,
    };

    private static IEnumerable<Element> Elements(string? field)
    {
        foreach (var element in (field ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = element.Split(';', StringSplitOptions.TrimEntries).Select(static part => part.ToLowerInvariant()).ToArray();
            var found = new Element(parts[0], parts[1..], 1);
            var text = found.Value("q");
            yield return text is null ? found
                : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quality) ? found with { Quality = Math.Clamp(quality, 0, 1) }
                : found with { Quality = 0 };
        }
    }

    private sealed record Element(string Name, string[] Parameters, double Quality)
    {
        public string? Value(string name)
        {
            foreach (var parameter in Parameters)
            {
                var equals = parameter.IndexOf('=');
                if (equals > 0 && parameter.AsSpan(0, equals).TrimEnd().SequenceEqual(name))
                {
                    return parameter[(equals + 1)..].Trim().Trim('"');
                }
            }

            return null;
        }
    }
}

/// <summary>The formats that Prometheus scrapes.</summary>
public enum ExpositionFormat
{
    /// <summary>The Prometheus text format 0.0.4.</summary>
    Text,
    /// <summary>OpenMetrics 1.0: text with units, infos and start times.</summary>
    OpenMetrics,
    /// <summary>Length-delimited messages <c>io.prometheus.client.MetricFamily</c>, the only format with native histograms.</summary>
    Protobuf,
}
