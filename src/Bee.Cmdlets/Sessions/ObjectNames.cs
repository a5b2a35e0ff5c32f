using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Ebpf.Events;
using Bee.Ebpf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>Resolves the names of an object's parameters, programs and maps.</summary>
internal static class ObjectNames
{
    /// <summary>Returns the values of parameters by the parameters' names, without PowerShell's wrappers.</summary>
    /// <exception cref="BeeInputException">A value is null.</exception>
    /// <exception cref="BpfParameterException">A name is not one of the tool's parameters.</exception>
    public static Dictionary<string, object?> Parameters(IDictionary? given, ObjectFile file)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            ParameterDescription parameter = file.FindParameter(LanguagePrimitives.ConvertTo<string>(entry.Key));
            values[parameter.Name] = PlainValue.Of(entry.Value) ?? throw new BeeInputException("BadParameter", $"The value of the parameter {parameter.Name} ({parameter.TypeName}) is null.", "Omit the parameter to use its default.");
        }

        return values;
    }

    /// <summary>
    /// Checks the names of -AttachTo, and returns each program's target (several targets are joined), or whether it is loaded. $null, $false and <c>none</c> skip a
    /// program; $true and <c>true</c> load an optional one.
    /// </summary>
    /// <exception cref="BeeInputException">A name is not one of the object's programs, or a target is empty.</exception>
    public static IReadOnlyDictionary<string, ProgramMetadata> Programs(IDictionary? given, ObjectFile file)
    {
        var programs = new Dictionary<string, ProgramMetadata>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = FindProgram(LanguagePrimitives.ConvertTo<string>(entry.Key), file, "-AttachTo expects a hashtable whose keys are names of the object's programs.");
            programs[name] = PlainValue.Of(entry.Value) switch
            {
                null => new ProgramMetadata { Load = false },
                bool load => new ProgramMetadata { Load = load },
                var target => LanguagePrimitives.ConvertTo<string[]>(target) is { Length: > 0 } parts && parts.All(part => !string.IsNullOrWhiteSpace(part))
                    ? ProgramMetadata.Attach(string.Join(',', parts))
                    : throw new BeeInputException("BadAttachTo", $"-AttachTo has an empty target for the program {name}."),
            };
        }

        return programs;
    }

    /// <summary>Returns the sizes of maps by the maps' full names.</summary>
    /// <exception cref="BeeInputException">A name is not one of the object's maps, or a size is not a number of entries.</exception>
    public static Dictionary<string, uint> MapSizes(IDictionary? given, ObjectFile file)
    {
        var sizes = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = FindMap(LanguagePrimitives.ConvertTo<string>(entry.Key), file).Name;
            sizes[name] = entry.Value is not null && LanguagePrimitives.TryConvertTo(entry.Value, CultureInfo.InvariantCulture, out decimal size) && size is >= 0 and <= uint.MaxValue && decimal.IsInteger(size)
                ? (uint)size
                : throw new BeeInputException("BadMapSize", $"The -MapSize of the map {name} is '{entry.Value}', which is not a valid size.", "A size is a whole number of entries from 1 to 4294967295, or for a ring buffer a number of bytes, such as 1MB.");
        }

        return sizes;
    }

    /// <summary>Returns the programs that -Skip names.</summary>
    /// <exception cref="BeeInputException">A literal name is not one of the object's programs.</exception>
    public static IReadOnlyList<string> Skipped(string[]? names, ObjectFile file) =>
    [
        .. (names ?? []).SelectMany(name => WildcardPattern.ContainsWildcardCharacters(name) && WildcardPattern.Get(name, WildcardOptions.IgnoreCase) is var pattern
            ? file.Programs.Select(program => program.Name).Where(pattern.IsMatch)
            : [FindProgram(name, file, "-Skip expects names of the object's programs; wildcards are allowed.")]).Distinct(),
    ];

    /// <summary>Returns whether -AttachTo names a program.</summary>
    public static bool HasTarget(IDictionary? given, string program) => given?.Keys.Cast<object>().Any(name => program.Equals($"{name}", StringComparison.OrdinalIgnoreCase)) == true;

    /// <summary>Returns the name of the program to run on given input: the named one, or the only one that can be run.</summary>
    /// <exception cref="BeeInputException">The object has no program of that name, or several candidates.</exception>
    public static string TestedProgram(string? name, ObjectFile file)
    {
        if (name is not null)
        {
            return FindProgram(name, file, "-Name expects the name of one of the object's programs.");
        }

        IReadOnlyList<ProgramDescription> all = ProgramTest.Candidates(file);
        // An optional program is a candidate only if it is named, or if there is no other.
        ProgramDescription[] candidates = all.Any(program => program.AutoLoad) ? [.. all.Where(program => program.AutoLoad)] : [.. all];
        return candidates.Length <= 1 ? (candidates is [var only] ? only : file.Programs[0]).Name : throw new BeeInputException(
            "SeveralPrograms",
            $"{file.Name} has {candidates.Length} programs that can be run on given input: {string.Join(", ", candidates.Select(program => $"{program.Name} ({program.SectionName})"))}.",
            "Select one with -Name.");
    }

    private static string FindProgram(string name, ObjectFile file, string remedy)
    {
        if (file.Programs.Any(program => program.Name == name))
        {
            return name;
        }

        // C is case-sensitive, but users at a prompt rarely are. Another case is accepted if it is unambiguous.
        ProgramDescription[] alike = [.. file.Programs.Where(program => program.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
        return alike.Length == 1 ? alike[0].Name : throw new BeeInputException(
            "ProgramNotFound",
            $"There is no program '{name}' in {file.Name}. Its programs: {string.Join(", ", file.Programs.Select(program => $"{program.Name} ({program.SectionName})"))}.",
            remedy);
    }

    /// <summary>Returns the filter of -Map.</summary>
    /// <param name="names">
    /// Names and patterns, or null for the maps whose prefix makes them stream. Patterns select among those; a literal name can be any map. The data sources of a gadget
    /// have the gadget's names too.
    /// </param>
    /// <param name="file">The object.</param>
    /// <exception cref="BeeInputException">A literal name matches no map.</exception>
    public static Func<MapDescription, bool> MapChoice(string[]? names, ObjectFile file)
    {
        if (names is null)
        {
            return EventReaderOptions.WithRole;
        }

        var literal = new HashSet<string>(StringComparer.Ordinal);
        var patterns = new List<WildcardPattern>();
        foreach (string name in names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
            {
                patterns.Add(WildcardPattern.Get(name, WildcardOptions.IgnoreCase));
            }
            else
            {
                literal.Add(FindMap(name, file).Name);
            }
        }

        return map => literal.Contains(map.Name)
            || (map.Role != MapRole.None && patterns.Exists(pattern => pattern.IsMatch(map.Name) || (map.DataSource is { } source && pattern.IsMatch(source))));
    }

    /// <summary>Returns the map with a name.</summary>
    /// <exception cref="BeeInputException">The map does not exist.</exception>
    public static MapDescription FindMap(string name, ObjectFile file)
    {
        MapDescription? found = file.Maps.FirstOrDefault(map => map.Name == name)
            ?? file.Maps.FirstOrDefault(map => map.DataSource == name)
            ?? file.Maps.FirstOrDefault(map => map.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return found ?? throw new BeeInputException(
            "MapNotFound",
            $"There is no map '{name}' in {file.Name}. Its maps: {string.Join(", ", file.Maps.Where(map => !map.IsInternal).Select(map => map.Name))}.");
    }
}
