using Bee.Cmdlets.Completion;
using Bee.Ebpf.Checks;
using Bee.Toolchain.Compiling;

namespace Bee.Cmdlets.Tools;

/// <summary>Describes what to do about records whose type is unknown.</summary>
internal static class UntypedText
{
    private const int MostTypes = 6;

    /// <summary>Returns one warning for all such buffers and iterators of a tool.</summary>
    /// <param name="untyped">The buffers and iterators; at least one.</param>
    /// <param name="sourceTypes">The types that the tool's source defines; null if the source is not available.</param>
    public static string Warning(IReadOnlyList<UntypedRecords> untyped, IReadOnlyList<SourceType>? sourceTypes)
    {
        (string Name, string[] Types)[] found = [.. untyped.Select(records => (records.Name, Fitting(records, sourceTypes)))];
        string types = string.Join(", ", found.Select(one => $"{CompletionText.Key(one.Name)} = '{(one.Types is [var only] ? only : "STRUCT")}'"));
        string fitting = string.Join("; ", found.Where(one => one.Types.Length > 0).Select(one => (found.Length > 1 ? $"{one.Name}: " : "") + string.Join(", ", one.Types.Take(MostTypes)) + (one.Types.Length > MostTypes ? ", …" : "")));
        string[] missing = [.. untyped.Select(records => records.MissingType).OfType<string>().Distinct()];
        bool canBeNamed = sourceTypes is not null || fitting.Length > 0;
        return (missing.Length > 0 ? $"The object has no type {string.Join(", ", missing)}. " : "")
            + $"No type is known for the records of {string.Join(", ", untyped.Select(records => records.Name))}, so they are shown as bytes."
            + (fitting.Length > 0 ? $" Structs that fit: {fitting}." : "")
            + (canBeNamed ? $" Name the type with -RecordType @{{ {types} }}" : " The object does not contain the type: build the tool again with -RecordType")
            + (sourceTypes is null && canBeNamed ? "." : ", or as type in bee.yaml.");
    }

    // Structs of the right size, or all structs of the source if the size is unknown.
    private static string[] Fitting(UntypedRecords records, IReadOnlyList<SourceType>? sourceTypes)
    {
        if (sourceTypes is null)
        {
            return [.. records.Fitting];
        }

        string[] fitting = [.. sourceTypes.Where(type => records.Sizes.Contains(type.Size)).Select(Name)];
        return fitting.Length > 0 ? fitting : [.. sourceTypes.Select(Name)];
    }

    private static string Name(SourceType type) => type.Name.Split(' ')[^1];
}
