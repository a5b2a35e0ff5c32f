using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Ebpf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>Finds the parts of an object that a user names: its parameters, programs and maps.</summary>
internal static class ObjectNames
{
    /// <summary>Takes PowerShell's wrapping off the values of parameters, and binds them.</summary>
    /// <exception cref="BeeInputException">A value is null.</exception>
    /// <exception cref="BpfParameterException">A name is not one of the program's parameters, or a value has the wrong type or does not fit.</exception>
    public static BoundParameters Parameters(IDictionary? given, ObjectFile file)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            ParameterDescription parameter = file.FindParameter(LanguagePrimitives.ConvertTo<string>(entry.Key));
            values[parameter.Name] = PlainValue.Of(entry.Value) ?? throw new BeeInputException("BadParameter", $"The parameter {parameter.Name} ({parameter.TypeName}) was given no value.");
        }

        return file.BindParameters(values);
    }

    /// <summary>
    /// Checks the names of -AttachTo, and returns what is given of each program: a target, several of which are joined, or whether it is loaded. $null, $false and <c>none</c> leave a
    /// program out, $true and <c>true</c> load one that is optional.
    /// </summary>
    /// <exception cref="BeeInputException">A name is not one of the object's programs, or a target is empty.</exception>
    public static IReadOnlyDictionary<string, ProgramMetadata> Programs(IDictionary? given, ObjectFile file)
    {
        var programs = new Dictionary<string, ProgramMetadata>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = FindProgram(LanguagePrimitives.ConvertTo<string>(entry.Key), file, "-AttachTo takes a hashtable whose keys are the names of the object's programs.");
            programs[name] = PlainValue.Of(entry.Value) switch
            {
                null => new ProgramMetadata { Load = false },
                bool load => new ProgramMetadata { Load = load },
                var target => LanguagePrimitives.ConvertTo<string[]>(target) is { Length: > 0 } parts && parts.All(part => !string.IsNullOrWhiteSpace(part))
                    ? ProgramMetadata.Attach(string.Join(',', parts))
                    : throw new BeeInputException("BadAttachTo", $"-AttachTo names no target for the program {name}."),
            };
        }

        return programs;
    }

    /// <summary>The sizes of maps by the maps' whole names.</summary>
    /// <exception cref="BeeInputException">A name is not one of the object's maps, or a size is not a number of entries.</exception>
    public static IReadOnlyDictionary<string, uint> MapSizes(IDictionary? given, ObjectFile file)
    {
        var sizes = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = FindMap(LanguagePrimitives.ConvertTo<string>(entry.Key), file).Name;
            sizes[name] = entry.Value is not null && LanguagePrimitives.TryConvertTo(entry.Value, CultureInfo.InvariantCulture, out decimal size) && size is >= 0 and <= uint.MaxValue && decimal.IsInteger(size)
                ? (uint)size
                : throw new BeeInputException("BadMapSize", $"-MapSize gives the map {name} '{entry.Value}', which is not a number of entries.", "A size is a whole number from 1 to 4294967295; for a ring buffer, bytes, such as 1MB.");
        }

        return sizes;
    }

    /// <summary>The programs that -Skip leaves out.</summary>
    /// <exception cref="BeeInputException">A literal name is not one of the object's programs.</exception>
    public static IReadOnlyList<string> Skipped(string[]? names, ObjectFile file) =>
    [
        .. (names ?? []).SelectMany(name => WildcardPattern.ContainsWildcardCharacters(name) && WildcardPattern.Get(name, WildcardOptions.IgnoreCase) is var pattern
            ? file.Programs.Select(program => program.Name).Where(pattern.IsMatch)
            : [FindProgram(name, file, "-Skip takes names of the object's programs, with wildcards for several.")]).Distinct(),
    ];

    /// <summary>Whether a target is given for a program.</summary>
    public static bool HasTarget(IDictionary? given, string program) => given?.Keys.Cast<object>().Any(name => program.Equals($"{name}", StringComparison.OrdinalIgnoreCase)) == true;

    /// <summary>The program to be run on given input: the one of a name, or the only one that the kernel runs so.</summary>
    /// <exception cref="BeeInputException">The object has no program of the name, or several that could be meant.</exception>
    public static string TestedProgram(string? name, ObjectFile file)
    {
        if (name is not null)
        {
            return FindProgram(name, file, "-Name takes the name of one of the object's programs.");
        }

        IReadOnlyList<ProgramDescription> all = ProgramTest.Candidates(file);
        // Optional programs have to be named, here as elsewhere.
        ProgramDescription[] candidates = all.Any(program => program.AutoLoad) ? [.. all.Where(program => program.AutoLoad)] : [.. all];
        return candidates.Length <= 1 ? (candidates is [var only] ? only : file.Programs[0]).Name : throw new BeeInputException(
            "SeveralPrograms",
            $"{file.Name} has {candidates.Length} programs that can be run on given input: {string.Join(", ", candidates.Select(program => $"{program.Name} ({program.SectionName})"))}.",
            "-Name chooses one.");
    }

    private static string FindProgram(string name, ObjectFile file, string remedy)
    {
        if (file.Programs.Any(program => program.Name == name))
        {
            return name;
        }

        // C distinguishes case and people at a prompt seldom do: accepted as long as it is clear.
        ProgramDescription[] alike = [.. file.Programs.Where(program => program.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
        return alike.Length == 1 ? alike[0].Name : throw new BeeInputException(
            "ProgramNotFound",
            $"There is no program '{name}' in {file.Name}. Its programs: {string.Join(", ", file.Programs.Select(program => $"{program.Name} ({program.SectionName})"))}.",
            remedy);
    }

    /// <summary>The choice that -Map makes.</summary>
    /// <param name="names">
    /// Names and patterns, or null for what streams by its name's prefix. Patterns choose among those; a literal name can be any map. A source of data has the
    /// name that its gadget gives it too.
    /// </param>
    /// <param name="file">The program.</param>
    /// <exception cref="BeeInputException">A literal name matches no map.</exception>
    public static Func<MapDescription, bool> MapChoice(string[]? names, ObjectFile file)
    {
        if (names is null)
        {
            return map => map.Role != MapRole.None;
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

    /// <summary>The map of a name.</summary>
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
