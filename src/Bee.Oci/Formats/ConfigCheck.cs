using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>Makes a config that anyone may have written fit to be shown: no nulls where there are none by type, no control characters.</summary>
internal static class ConfigCheck
{
    /// <summary>The config with every list and name in place.</summary>
    public static ImageConfig Sound(ImageConfig config) => config with
    {
        Os = Text(config.Os),
        Architecture = Text(config.Architecture),
        Programs = List(config.Programs, p => p with
        {
            Name = Text(p.Name) ?? "",
            Section = Text(p.Section),
            Type = Text(p.Type),
            AttachTo = Text(p.AttachTo),
            Description = Text(p.Description),
            Fields = Fields(p.Fields),
        }),
        Maps = List(config.Maps, m => m with
        {
            Name = Text(m.Name) ?? "",
            Type = Text(m.Type),
            KeyType = Text(m.KeyType),
            ValueType = Text(m.ValueType),
            Role = Text(m.Role),
            Kind = Text(m.Kind),
            Help = Text(m.Help),
            Unit = Text(m.Unit),
            Scale = m.Scale is { } scale ? scale with { Spacing = Text(scale.Spacing) } : null,
            Labels = m.Labels is { } labels ? List(labels, TerminalText.Clean) : null,
            Metric = m.Metric is { } metric
                ? metric with
                {
                    Name = Text(metric.Name),
                    Type = Text(metric.Type),
                    Unit = Text(metric.Unit),
                    Help = Text(metric.Help),
                    Labels = metric.Labels is { } metricLabels ? List(metricLabels, TerminalText.Clean) : null,
                }
                : null,
            Fields = Fields(m.Fields),
        }),
        Parameters = List(config.Parameters, p => p with
        {
            Name = Text(p.Name) ?? "",
            Type = Text(p.Type),
            Default = Text(p.Default),
            Key = Text(p.Key),
            Description = Text(p.Description),
        }),
        Build = config.Build is { } build
            ? build with
            {
                Source = Text(build.Source),
                Clang = Text(build.Clang),
                Flags = List(build.Flags, TerminalText.Clean),
                VmlinuxDigest = Text(build.VmlinuxDigest),
                Bee = Text(build.Bee),
            }
            : null,
    };

    private static ImageField[]? Fields(IReadOnlyList<ImageField>? fields) =>
        fields is null ? null : List(fields, f => f with { Name = Text(f.Name) ?? "", Description = Text(f.Description), Metric = Text(f.Metric), Unit = Text(f.Unit) });

    private static string? Text(string? text) => text is null ? null : TerminalText.Clean(text);

    // The JSON reader fills a property with null whatever its type says.
    private static T[] List<T>(IReadOnlyList<T>? list, Func<T, T> each)
        where T : class => [.. (list ?? []).Where(item => item is not null).Select(each)];
}
