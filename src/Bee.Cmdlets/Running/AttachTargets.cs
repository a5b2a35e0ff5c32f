using System.Collections;
using System.Management.Automation;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets;

/// <summary>What programs attach to, as a hashtable gives it.</summary>
internal static class AttachTargets
{
    /// <summary>Checks the names, and joins several targets of one program.</summary>
    /// <exception cref="BeeInputException">A name is not one of the object's programs, or a target is empty.</exception>
    public static IReadOnlyDictionary<string, string> From(IDictionary? given, ObjectFile file)
    {
        var targets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = Find(LanguagePrimitives.ConvertTo<string>(entry.Key), file);
            string[] parts = LanguagePrimitives.ConvertTo<string[]>(entry.Value) ?? [];
            targets[name] = parts.Length > 0 && parts.All(part => !string.IsNullOrWhiteSpace(part))
                ? string.Join(',', parts)
                : throw new BeeInputException("BadAttachTo", $"-AttachTo names no target for the program {name}.");
        }

        return targets;
    }

    /// <summary>Whether a target is given for a program.</summary>
    public static bool Names(IDictionary? given, string program) => given?.Keys.Cast<object>().Any(name => program.Equals($"{name}", StringComparison.OrdinalIgnoreCase)) == true;

    private static string Find(string name, ObjectFile file)
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
            "-AttachTo takes a hashtable whose keys are the names of the object's programs.");
    }
}
