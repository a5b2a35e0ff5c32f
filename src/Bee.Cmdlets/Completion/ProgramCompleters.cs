using System.Collections;
using System.Management.Automation;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets;

/// <summary>Offers something of the program that the command line names: an image of the store, or an object file.</summary>
public abstract class ProgramCompleter : BeeCompleter
{
    /// <summary>What the program's image or file says about itself; empty where the command line names none yet.</summary>
    private protected static ImageConfig Describe(IDictionary bound)
    {
        if (bound["Image"] is { } given && LanguagePrimitives.TryConvertTo(given, out Image image))
        {
            return image.Config;
        }

        if (Argument(bound, "Program") is not { Length: > 0 } program)
        {
            return ImageConfig.Empty;
        }

        if (Tool.IsPath(program))
        {
            return program.EndsWith(".o", StringComparison.Ordinal)
                ? ImageConfigs.Describe(ObjectFile.Read(FullPath(program)), new BuildFacts())
                : ImageConfig.Empty;
        }

        return ImageCompleter.StoreOf(bound).Find(program)?.Config ?? ImageConfig.Empty;
    }

    // The session's location is not the process's.
    private static string FullPath(string path)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell.AddCommand("Convert-Path").AddParameter("LiteralPath", path).Invoke<string>()[0];
    }
}

/// <summary>Offers a program's maps.</summary>
public sealed class ProgramMapCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Maps
            .OrderBy(map => map.Role is null)
            .Select(map => new Candidate(map.Name, map.Help ?? $"{map.Type}: {map.KeyType ?? "-"} to {map.ValueType ?? "-"}"));
}

/// <summary>Offers a hashtable with each of a program's parameters.</summary>
public sealed class ParameterCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        foreach (ImageParameter parameter in Describe(bound).Parameters)
        {
            // Of a struct that is given, fields that are not named keep their default.
            string value = parameter.Type is { } type && (type.StartsWith("struct ", StringComparison.Ordinal) || type.StartsWith("union ", StringComparison.Ordinal))
                ? "@{}"
                : CompletionText.Value(parameter.Default ?? string.Empty);
            yield return new Candidate($"@{{ {CompletionText.Key(parameter.Key ?? parameter.Name)} = {value} }}", $"{parameter.Type}, by default {parameter.Default}{(parameter.Description is { } said ? $": {said}" : "")}", IsCode: true);
        }
    }
}

/// <summary>Offers a hashtable with each of a program object's programs and what it attaches to.</summary>
public sealed class ProgramTargetCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Programs.Select(program => new Candidate(
            $"@{{ {CompletionText.Key(program.Name)} = {CompletionText.Quote(program.AttachTo ?? string.Empty, '\'')} }}", program.Section ?? program.Name, IsCode: true));
}

/// <summary>Offers a hashtable with each of a program's maps that can be filled before it is attached.</summary>
public sealed class MapEntriesCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Maps
            .Where(map => map.Role is null && map.KeyType is not null)
            .Select(map => new Candidate($"@{{ {CompletionText.Key(map.Name)} = @{{}} }}", map.Help ?? $"{map.Type}: {map.KeyType} to {map.ValueType ?? "-"}", IsCode: true));
}
