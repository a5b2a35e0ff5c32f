using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>What an image says about its program, read from the object. Nothing in it depends on the time or the folder of the build.</summary>
internal static class ImageConfigs
{
    public static ImageConfig Describe(ObjectFile file, BuildFacts build) => new()
    {
        Programs = [.. file.Programs.Select(Describe)],
        Maps = [.. file.Maps.Where(map => !map.IsInternal).Select(Describe)],
        Parameters = [.. file.Parameters.Select(Describe)],
        Build = build,
    };

    public static BuildFacts Facts(BuildSource source, CompileResult result) => new()
    {
        Source = string.Join(", ", source.LinkedFiles.Prepend(source.File).Select(Path.GetFileName)),
        Clang = result.ClangVersion,
        Flags = result.Flags,
        VmlinuxDigest = result.VmlinuxDigest,
    };

    private static ImageProgram Describe(ProgramDescription program) => new()
    {
        Name = program.Name,
        Section = program.SectionName,
        Type = program.Type.ToString(),
        AttachTo = program.AttachTo,
        Description = program.Description,
        Fields = Describe(program.Metadata.Fields),
    };

    private static ImageMap Describe(MapDescription map) => new()
    {
        Name = map.Name,
        Type = map.Type.ToString(),
        KeySize = map.KeySize,
        ValueSize = map.ValueSize,
        MaxEntries = map.MaxEntries,
        KeyType = map.Key?.ToString(),
        ValueType = map.Value?.ToString(),
        Role = map.Role == MapRole.None ? null : map.Role.ToString(),
        Kind = map.Metadata.Kind?.ToString(),
        Help = map.Metadata.Help,
        Unit = map.Metadata.Unit,
        Scale = map.Metadata.Scale is { } scale ? new ImageScale { Spacing = scale.Spacing.ToString(), Start = scale.Start, Step = scale.Step } : null,
        Buckets = map.Metadata.Buckets is { Count: > 0 } buckets ? buckets : null,
        Labels = map.Metadata.Labels is { Count: > 0 } labels ? labels : null,
        Metric = map.Metadata.Metric is { } metric
            ? new ImageMetric
            {
                Name = metric.Name,
                Type = metric.Type?.ToString(),
                Unit = metric.Unit,
                Help = metric.Help,
                Labels = metric.Labels is { Count: > 0 } metricLabels ? metricLabels : null,
            }
            : null,
        Fields = Describe(map.Metadata.Fields),
    };

    private static ImageField[]? Describe(IReadOnlyDictionary<string, FieldMetadata> fields) =>
        fields.Count == 0 ? null : [.. fields.Select(field => Describe(field.Key, field.Value))];

    private static ImageField Describe(string name, FieldMetadata field) => new()
    {
        Name = name,
        Description = field.Description,
        Width = field.Width,
        AlignRight = field.AlignRight,
        Order = field.Order,
        Hidden = field.Hidden,
        Words = field.Words,
        Metric = field.Metric?.ToString(),
        Unit = field.Unit,
    };

    private static ImageParameter Describe(ParameterDescription parameter) => new()
    {
        Name = parameter.Name,
        Type = parameter.TypeName,
        Size = parameter.Size,
        Default = ParameterText.Default(parameter),
        Key = parameter.Metadata.Key,
        Description = parameter.Description,
        AuthorDefault = parameter.Metadata.Default,
    };
}
