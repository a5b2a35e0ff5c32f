using System.Collections;
using System.Management.Automation;
using Bee.Oci.Store;

namespace Bee.Cmdlets;

/// <summary>Offers the images of the store.</summary>
public class ImageCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        foreach (Image image in StoreOf(bound).List())
        {
            yield return new Candidate(image.Reference, Describe(image));
        }
    }

    /// <summary>The stores that the command line means.</summary>
    internal static ImageStores StoreOf(IDictionary bound) => new(Argument(bound, "Store"), new GadgetDescriber());

    private static string Describe(Image image)
    {
        string what = image.Description ?? string.Join(", ", image.Programs.Select(program => program.Section ?? program.Name));
        return what.Length > 0 ? what : image.Digest;
    }
}

/// <summary>Offers the images of the store, folders, and .c and .o files.</summary>
public sealed class ImageOrFileCompleter : ImageCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CompletionResult> More(string word)
        => CompletionCompleters.CompleteFilename(word).Where(result => result.ResultType == CompletionResultType.ProviderContainer
            || result.ListItemText.EndsWith(".c", StringComparison.Ordinal)
            || result.ListItemText.EndsWith(".o", StringComparison.Ordinal));
}
