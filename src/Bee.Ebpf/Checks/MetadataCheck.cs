using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Checks;

/// <summary>Checks metadata against the object that it describes.</summary>
internal static class MetadataCheck
{
    /// <summary>Returns the errors in metadata: names that the object does not contain, defaults that do not fit their parameter.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="file">The object.</param>
    /// <returns>The errors; empty if the metadata is valid.</returns>
    /// <exception cref="BpfObjectException">The types of a described map are invalid.</exception>
    public static IReadOnlyList<MetadataFault> Check(ObjectMetadata metadata, ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(file);
        return [.. Faults(metadata, file)];
    }

    private static IEnumerable<MetadataFault> Faults(ObjectMetadata metadata, ObjectFile file)
    {
        var described = file.WithMetadata(metadata);
        var maps = file.Maps.Where(map => !map.IsInternal || map.HasVariables).ToList();
        foreach (var (name, map) in metadata.Maps)
        {
            // A single variable is described as a map, too.
            var found = described.Maps.FirstOrDefault(candidate => candidate.Name == name);
            foreach (var fault in found is null ? [Missing($"maps/{name}", "map", name, maps.Select(m => m.Name), "map")] : Map($"maps/{name}", map, found, file))
            {
                yield return fault;
            }
        }

        foreach (var (name, parameter) in metadata.Parameters)
        {
            var found = file.Parameters.Concat(file.Globals).FirstOrDefault(candidate => candidate.Name == name);
            if (found is null)
            {
                yield return Missing($"parameters/{name}", "parameter", name, file.Parameters.Concat(file.Globals).Select(p => p.Name), "global variable");
            }
            else if (parameter.Default is { } value && Wrong(found, value) is { } problem)
            {
                yield return new MetadataFault($"parameters/{name}/default", problem);
            }
        }

        foreach (var (name, program) in metadata.Programs)
        {
            var found = file.Programs.FirstOrDefault(candidate => candidate.Name == name);
            if (found is null)
            {
                yield return Missing($"programs/{name}", "program", name, file.Programs.Select(p => p.Name), "function with a SEC()");
            }
            else if (program.AttachTo is not null && ProgramKinds.Find(found.Kind) is { Target: AttachTarget.None })
            {
                yield return new MetadataFault($"programs/{name}/attach", $"programs of the kind {found.Kind} have no attach target to replace.");
            }
            else if (found.KindRow.Target == AttachTarget.PerfEvent && program.AttachTo is { } text && PerfEventText.Read(text) is { Fault: { } fault } read)
            {
                yield return new MetadataFault($"programs/{name}/attach", $"{fault}.{(read.Near.Count > 0 ? $" Is '{read.Near[0]}' meant?" : "")}");
            }
            else if (program.AttachTo is { Length: 0 })
            {
                yield return new MetadataFault($"programs/{name}/attach", "attach is empty; remove it to use the section's target.");
            }

            if (found is not null && Type($"programs/{name}/type", program.Type, file, found.IsIterator ? null : $"the program '{name}' is not an iterator and writes no records.") is { } noType)
            {
                yield return noType;
            }
        }
    }

    private static IEnumerable<MetadataFault> Map(string place, MapMetadata metadata, MapDescription map, ObjectFile file)
    {
        if (metadata.Entries is { } entries && MapSizes.WhyNot(map, entries) is { } why)
        {
            yield return new MetadataFault($"{place}/entries", why);
        }

        // Without the type, fields cannot be checked.
        if (Type($"{place}/type", metadata.Type, file, map.IsEventStream ? null : $"the map '{map.Name}' is not a ring or perf buffer; the C file declares its type.") is { } noType)
        {
            yield return noType;
            yield break;
        }

        if (map.Role != MapRole.Histogram)
        {
            foreach (var (key, isSet) in new[] { ("buckets", metadata.Buckets.Count > 0), ("scale", metadata.Scale is not null) })
            {
                if (isSet)
                {
                    yield return new MetadataFault($"{place}/{key}", $"{key} are for histograms, and the map '{map.Name}' is not one; begin its name with hist_ or add 'kind: histogram'.");
                }
            }
        }

        var metric = metadata.Metric ?? MetricMetadata.None;
        if (metric.Type == MapRole.Histogram && map.Role != MapRole.Histogram)
        {
            yield return new MetadataFault($"{place}/metric/type", $"the map '{map.Name}' is not a histogram; begin its name with hist_ or add 'kind: histogram'.");
        }

        if (metric.Name is { } name && (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || char.IsAsciiDigit(name[0])))
        {
            yield return new MetadataFault($"{place}/metric/name", $"'{name}' is not a valid metric name; use letters, digits and underscores, and do not begin with a digit.");
        }

        if (metric.Type is not MapRole.None && metadata.Metric is not null && (metric.Type ?? map.Role) is MapRole.None or MapRole.Print)
        {
            yield return new MetadataFault($"{place}/metric", $"the map '{map.Name}' is neither counter, gauge nor histogram; add 'type: counter' or another.");
        }

        if (metadata.Fields.Count == 0 && metadata.Labels.Count == 0 && metric.Labels.Count == 0)
        {
            yield break;
        }

        // Tables also have the names of containers, if a record says where it happened. As labels of a metric they are not chosen.
        const RecordExtras Extras = RecordExtras.Container | RecordExtras.Pod;
        var columns = (map.IsEventStream ? (IRecordShape)RecordType.ForEvent(map, Extras) : EntryType.ForMap(map, Extras)).Fields.Where(field => field.Name != "MapName").ToList();
        var fields = columns.Where(field => !field.IsExtra).ToList();
        var names = fields.Select(field => field.MetadataName).Distinct().ToList();
        foreach (var field in metadata.Fields.Keys.Where(field => !columns.Exists(column => column.MetadataName == field)))
        {
            yield return Missing($"{place}/fields/{field}", "field", field, names, "field", $" in the map '{map.Name}'", [.. columns.Where(column => column.IsExtra).Select(column => column.MetadataName)]);
        }

        foreach (var (field, _) in metadata.Fields.Where(field => field.Value.Words == true))
        {
            if (fields.Exists(found => found.MetadataName == field && found.Meaning is not (FieldMeaning.Words or FieldMeaning.Text)))
            {
                yield return new MetadataFault($"{place}/fields/{field}", $"'{field}' is not a char array, which 'words' requires.");
            }
        }

        foreach (var (part, labels) in new[] { ("labels", metadata.Labels), ("metric/labels", metric.Labels) })
        {
            foreach (var label in labels)
            {
                if (fields.Find(field => field.MetadataName == label) is not { } field)
                {
                    yield return Missing($"{place}/{part}/{label}", "field", label, names, "field", $" in the map '{map.Name}'");
                }
                else if (field.Meaning is FieldMeaning.Object or FieldMeaning.Array)
                {
                    yield return new MetadataFault($"{place}/{part}/{label}", $"'{label}' is {(field.Meaning == FieldMeaning.Array ? "an array" : "a struct")}; a label is one value.");
                }
            }
        }
    }

    private static MetadataFault? Type(string place, string? name, ObjectFile file, string? unfit) =>
        name is not null && (unfit ?? RecordTypeName.Fault(name) ?? (RecordTypes.Find(file.Btf, name) is null ? $"the object does not have the type '{name}'." : null)) is { } problem
            ? new MetadataFault(place, problem) { UnknownType = unfit is null ? name : null }
            : null;

    private static string? Wrong(ParameterDescription parameter, object value)
    {
        try
        {
            ParameterEncoder.Encode(parameter, value);
            return null;
        }
        catch (BpfParameterException fault)
        {
            return fault.Message;
        }
    }

    private static MetadataFault Missing(string place, string what, string name, IEnumerable<string> known, string kind, string where = "", string[]? others = null)
    {
        string[] names = [.. known];
        var near = Suggest.Nearest(name, [.. names, .. others ?? []], 1);
        return new MetadataFault(
            place,
            $"there is no {what} '{name}'{where}."
            + (near.Count > 0 ? $" Is '{near[0]}' meant?" : "")
            + (names.Length == 0 ? $" There is no {kind} at all." : $" There are {string.Join(", ", names.Take(20))}{(names.Length > 20 ? ", ..." : "")}."));
    }
}

/// <summary>An error in an <see cref="ObjectMetadata"/>.</summary>
/// <param name="Place">The path of the value: <c>maps/NAME</c>, <c>maps/NAME/fields/NAME</c>, <c>maps/NAME/labels/NAME</c>, <c>parameters/NAME/default</c> and so on.</param>
/// <param name="Message">The problem, as a sentence.</param>
internal sealed record MetadataFault(string Place, string Message)
{
    /// <summary>The name of a C type that the object does not contain; null for other errors.</summary>
    public string? UnknownType { get; init; }
}
