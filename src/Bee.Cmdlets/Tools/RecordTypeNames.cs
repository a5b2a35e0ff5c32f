using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets.Tools;

/// <summary>The C types of records from <c>-RecordType</c>, by the name of a buffer or an iterator.</summary>
internal sealed class RecordTypeNames
{
    private const string Id = "BadRecordType";
    private const int Nearest = 3;

    private RecordTypeNames(IReadOnlyDictionary<string, string> types) => Types = types;

    /// <summary>No types.</summary>
    public static RecordTypeNames None { get; } = new(new Dictionary<string, string>());

    /// <summary>The types by name. They are not checked against an object.</summary>
    public IReadOnlyDictionary<string, string> Types { get; }

    /// <summary>Reads the value of the parameter.</summary>
    /// <param name="given">A hashtable of names and types; null for none.</param>
    /// <exception cref="BeeInputException">A value is not the name of a C type.</exception>
    public static RecordTypeNames From(IDictionary? given)
    {
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            string type = LanguagePrimitives.ConvertTo<string>(entry.Value) ?? "";
            types[name] = RecordTypeName.Fault(type) is { } fault
                ? throw new BeeInputException(Id, $"-RecordType for {name}: {fault}")
                : type;
        }

        return types.Count == 0 ? None : new RecordTypeNames(types);
    }

    /// <summary>Returns the types as metadata of an object.</summary>
    /// <param name="file">The object.</param>
    /// <exception cref="BeeInputException">A name is neither a ring or perf buffer nor an iterator of the object.</exception>
    public ObjectMetadata MetadataFor(ObjectFile file)
    {
        var maps = new Dictionary<string, MapMetadata>(StringComparer.Ordinal);
        var programs = new Dictionary<string, ProgramMetadata>(StringComparer.Ordinal);
        string[] known = [.. file.Maps.Where(map => map.IsEventStream).Select(map => map.Name), .. file.Programs.Where(program => program.IsIterator).Select(program => program.Name)];
        foreach ((string name, string type) in Types)
        {
            string found = known.Contains(name) ? name
                : known.Where(one => one.Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray() is [var only] ? only
                : throw UnknownName(name, known, file);
            if (file.Maps.Any(map => map.Name == found))
            {
                maps[found] = new MapMetadata { Type = type };
            }
            else
            {
                programs[found] = new ProgramMetadata { Type = type };
            }
        }

        return new ObjectMetadata { Maps = maps, Programs = programs };
    }

    /// <summary>Creates the error for a type that no source defines.</summary>
    /// <param name="fault">The fault.</param>
    public static BeeInputException Unknown(string fault) => new(Id, $"-RecordType: {fault}");

    private static BeeInputException UnknownName(string name, string[] known, ObjectFile file)
    {
        IReadOnlyList<string> near = Suggest.Nearest(name, known, Nearest);
        string kind = file.Maps.FirstOrDefault(map => map.Name == name) is { } map ? $"The map '{name}' of {file.Name} is a {map.Type}, which has no records" : $"{file.Name} has no buffer or iterator '{name}'";
        return new BeeInputException(
            Id,
            $"{kind}."
            + (near.Count > 0 ? $" Did you mean '{near[0]}'?" : "")
            + (known.Length > 0 ? $" Its buffers and iterators: {string.Join(", ", known)}." : " It has neither ring or perf buffers nor iterators."),
            "-RecordType expects a hashtable whose keys are names of ring buffers, perf buffers or iterators.");
    }
}
