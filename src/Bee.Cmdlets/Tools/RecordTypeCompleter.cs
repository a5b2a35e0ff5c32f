using System.Collections;
using Bee.Cmdlets.Completion;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Objects;
using Bee.Oci.Store;
using Bee.Toolchain.Compiling;

namespace Bee.Cmdlets.Tools;

/// <summary>Offers a hashtable for each buffer and iterator whose records have no type, with each struct that fits.</summary>
public sealed class RecordTypeCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        string? path = Argument(bound, "Program") ?? (bound["Path"] is object[] { Length: 1 } paths ? $"{paths[0]}" : Argument(bound, "Path"));
        foreach ((string name, string type) in path is null ? [] : Pairs(path, bound))
        {
            yield return new Candidate($"@{{ {CompletionText.Key(name)} = {CompletionText.Quote(type, '\'')} }}", $"the records of {name} are {type}", IsCode: true);
        }
    }

    private static IEnumerable<(string Name, string Type)> Pairs(string program, IDictionary bound)
    {
        if (program.EndsWith(".c", StringComparison.Ordinal))
        {
            var text = SourceText.Read(CompletionText.FullPath(program), []);
            return text.Buffers.SelectMany(_ => text.Types, (name, type) => (name, type.Split(' ')[^1]));
        }

        if (program.EndsWith(".o", StringComparison.Ordinal))
        {
            return Pairs(ObjectFile.Read(CompletionText.FullPath(program)));
        }

        ImageStores stores = ImageCompleter.StoreOf(bound);
        return stores.Find(program) is { } image ? Pairs(ObjectFile.Read(stores.ReadProgram(image), program)) : [];
    }

    private static IEnumerable<(string Name, string Type)> Pairs(ObjectFile file) => UntypedRecords.In(file).SelectMany(records => records.Fitting, (records, type) => (records.Name, type));
}
