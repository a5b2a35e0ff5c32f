using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Host;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;
using Bee.Toolchain.Skeletons;

namespace Bee.Cmdlets.Programs;

/// <summary>The base of completers that describe the tool on the command line: an image of the store, or an object file.</summary>
public abstract class ProgramCompleter : BeeCompleter
{
    /// <summary>Returns the description in the tool's image or file; empty if the command line names none yet.</summary>
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
                ? ImageConfigs.From(ObjectFile.Read(CompletionText.FullPath(program)))
                : ImageConfig.Empty;
        }

        return ImageCompleter.StoreOf(bound).Find(program)?.Config ?? ImageConfig.Empty;
    }
}

/// <summary>Offers a tool's maps.</summary>
public sealed class ProgramMapCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Maps
            .OrderBy(map => map.Role is null)
            .Select(map => new Candidate(map.Name, map.Help ?? $"{map.Type}: {map.KeyType ?? "-"} to {map.ValueType ?? "-"}"));
}

/// <summary>Offers a hashtable with each of a tool's parameters.</summary>
public sealed class ParameterCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        foreach (ImageParameter parameter in Describe(bound).Parameters)
        {
            // Fields of a struct that are not named keep their default.
            string value = parameter.Type is { } type && (type.StartsWith("struct ", StringComparison.Ordinal) || type.StartsWith("union ", StringComparison.Ordinal))
                ? "@{}"
                : CompletionText.Value(parameter.Default ?? string.Empty);
            yield return new Candidate($"@{{ {CompletionText.Key(parameter.Key ?? parameter.Name)} = {value} }}", $"{parameter.Type}, by default {parameter.Default}{(parameter.Description is { } text ? $": {text}" : "")}", IsCode: true);
        }
    }
}

/// <summary>Offers a hashtable with each of an object's programs and its attach target.</summary>
public sealed class ProgramTargetCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Programs.Select(program => new Candidate(
            $"@{{ {CompletionText.Key(program.Name)} = {CompletionText.Quote(program.AttachTo ?? string.Empty, '\'')} }}", program.Section ?? program.Name, IsCode: true));
}

/// <summary>Offers the names of an object's programs.</summary>
public sealed class ProgramNameCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Programs.Select(program => new Candidate(program.Name, program.Section ?? program.Name));
}

/// <summary>Offers a hashtable with each of a tool's maps that can be filled before the tool is attached.</summary>
public sealed class MapEntriesCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Maps
            .Where(map => map.Role is null && map.KeyType is not null)
            .Select(map => new Candidate($"@{{ {CompletionText.Key(map.Name)} = @{{}} }}", map.Help ?? $"{map.Type}: {map.KeyType} to {map.ValueType ?? "-"}", IsCode: true));
}

/// <summary>Offers a hashtable with each of a tool's maps and its size.</summary>
public sealed class MapSizeCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Maps
            .OrderBy(map => map.MaxEntries != 0)
            .Select(map => new Candidate($"@{{ {CompletionText.Key(map.Name)} = {(map.MaxEntries == 0 ? 10240 : map.MaxEntries)} }}", map.Help ?? $"{map.Type}: {map.KeyType ?? "-"} to {map.ValueType ?? "-"}", IsCode: true));
}

/// <summary>Offers user-space processes by id and name: first descendants of this session, then other processes of the user, then all others; the newest first in each group.</summary>
public sealed class ProcessCompleter : BeeCompleter
{
    private const int KernelThreads = 2;

    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        var all = ProcessEntry.All().Where(process => process.Id != KernelThreads && process.Parent != KernelThreads).ToDictionary(process => process.Id);
        uint user = UserAccount.EffectiveUser;
        return all.Values
            .Where(process => process.Id != Environment.ProcessId)
            .OrderBy(process => IsBelow(process, all) ? 0 : process.User == user ? 1 : 2)
            .ThenByDescending(process => process.Started)
            .Select(process => new Candidate($"{process.Id}", process.CommandLine) { Label = process.Name });
    }

    private static bool IsBelow(ProcessEntry process, Dictionary<int, ProcessEntry> all)
    {
        // Process ids are reused, so parents that were read one after the other may form a cycle.
        ProcessEntry? above = process;
        for (int depth = 0; depth < 64 && above is not null; depth++)
        {
            if (above.Parent == Environment.ProcessId)
            {
                return true;
            }

            above = all.GetValueOrDefault(above.Parent);
        }

        return false;
    }
}

/// <summary>A process from /proc.</summary>
/// <param name="Id">The process id.</param>
/// <param name="Parent">The parent's process id.</param>
/// <param name="User">The effective user id.</param>
/// <param name="Started">The start time, in clock ticks since boot.</param>
/// <param name="Name">The kernel's name of the process (comm).</param>
internal sealed record ProcessEntry(int Id, int Parent, uint User, ulong Started, string Name)
{
    /// <summary>Returns the command line on one line, or the name if the process has no command line.</summary>
    public string CommandLine => TerminalText.Clean(Read("cmdline")?.Replace('\0', ' ').Trim() is { Length: > 0 } line ? line : Name);

    /// <summary>Returns the processes that are visible to this one. Omits those that end meanwhile.</summary>
    public static IEnumerable<ProcessEntry> All()
        => Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? Find(id) : null).OfType<ProcessEntry>();

    private static ProcessEntry? Find(int id)
    {
        string? stat = Read(id, "stat");
        // The format is ID (NAME) STATE PARENT ..., and the name may contain blanks and parentheses: proc_pid_stat(5).
        string[] fields = stat is null ? [] : stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        const string Users = "Uid:";
        string? users = Read(id, "status")?.Split('\n').FirstOrDefault(line => line.StartsWith(Users, StringComparison.Ordinal));
        return stat is null || fields.Length < 20 || users is null
            ? null
            : new ProcessEntry(
                id,
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                uint.Parse(users[Users.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture),
                ulong.Parse(fields[19], CultureInfo.InvariantCulture),
                TerminalText.Clean(stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')]));
    }

    private string? Read(string file) => Read(Id, file);

    private static string? Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>Offers the programs that the kernel can run on given input.</summary>
public sealed class TestedProgramCompleter : ProgramCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Describe(bound).Programs
            .Where(program => program.Section is null || ProgramKinds.OfSection(program.Section)?.TestRun is not null)
            .Select(program => new Candidate(program.Name, program.Section ?? program.Name));
}

/// <summary>Offers network interfaces, of the network namespace that the command line names.</summary>
public sealed class InterfaceCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => NetworkTargets.Interfaces(Argument(bound, "NetworkNamespace")).Select(one => new Candidate(one.Name, $"interface {one.Index}"));
}

/// <summary>Offers control groups, one level at a time.</summary>
public sealed class CgroupCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => CgroupTargets.Below(word).Select(path => new Candidate(path, $"cgroup {path}"));
}

/// <summary>Offers the named network namespaces.</summary>
public sealed class NetworkNamespaceCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => NetworkTargets.Namespaces().Select(name => new Candidate(name, $"/run/netns/{name}"));
}

/// <summary>Offers the kinds of programs that have a skeleton.</summary>
public sealed class ProgramKindCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => ProgramSkeleton.Kinds.Select(kind => new Candidate(kind, $"runs {ProgramKinds.Find(kind)?.Description ?? "in the kernel"}"));
}

/// <summary>Offers the examples.</summary>
public sealed class TemplateCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => ProgramTemplate.Names.Select(name => new Candidate(name, $"the example {name}"));
}

/// <summary>Offers the kernel's tracepoints, functions and hooks, according to the kind of program on the command line.</summary>
public sealed class AttachTargetCompleter : BeeCompleter
{
    // A longer list is of no use, and would delay the prompt.
    private const int Most = 500;

    // Shorter parts occur in nearly every name.
    private const int ShortestPart = 3;

    /// <summary>Also matches a part of the name, so that openat finds sys_enter_openat.</summary>
    /// <inheritdoc/>
    protected override bool Fits(string candidate, string word) => base.Fits(candidate, word) || candidate.Contains(word, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        string kind = NewProgramCommand.FullKind(Argument(bound, nameof(NewProgramCommand.ProgramType)));
        // Filters the raw bytes of tens of thousands of names, and creates strings only for matches.
        string part = WildcardPattern.ContainsWildcardCharacters(word) ? string.Empty : word;
        string what = ProgramKinds.Find(kind)?.Description ?? kind;
        string[] parts = [.. KernelTargets.Names(kind, part).Where(name => Fits(name, word))];
        string[] begins = [.. parts.Where(name => CompletionText.Fits(name, word))];
        string[] names = begins.Length > 0 || word.Length < ShortestPart ? begins : parts;
        return names
            .Order(StringComparer.Ordinal)
            .Take(Most)
            .Select(name => new Candidate(name, $"{kind}: {what}"));
    }
}
