using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Bee.Cmdlets;

/// <summary>
/// Offers names for a parameter. A completer runs at a prompt that somebody is typing at: whatever goes wrong in it, it offers
/// nothing and says nothing.
/// </summary>
public abstract class BeeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            string word = CompletionText.Unquote(wordToComplete, out char quote);
            var results = new List<CompletionResult>();
            foreach (Candidate candidate in Candidates(word, fakeBoundParameters ?? new Hashtable()))
            {
                if (Fits(candidate.Text, word))
                {
                    string text = candidate.IsCode ? candidate.Text : CompletionText.Quote(candidate.Text, quote);
                    results.Add(new CompletionResult(text, candidate.Text, CompletionResultType.ParameterValue, candidate.Description));
                }
            }

            results.AddRange(More(word));
            return results;
        }
        catch (Exception)
        {
            return [];
        }
    }

    /// <summary>One thing to offer.</summary>
    /// <param name="Text">The value.</param>
    /// <param name="Description">What the value stands for, shown beside the list; never empty.</param>
    /// <param name="IsCode">True where the text is PowerShell as it stands and must not be quoted.</param>
    protected readonly record struct Candidate(string Text, string Description, bool IsCode = false);

    /// <summary>Everything that could be meant; what does not fit the typed word is left out by the caller.</summary>
    /// <param name="word">What is typed so far, without quotes.</param>
    /// <param name="bound">The other arguments of the command line, as far as they are known.</param>
    /// <returns>The candidates in the order to show them.</returns>
    protected abstract IEnumerable<Candidate> Candidates(string word, IDictionary bound);

    /// <summary>Whether a candidate is offered for what is typed.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="word">What is typed so far, without quotes.</param>
    /// <returns>Without another rule, true where it begins so, or fits as a wildcard.</returns>
    protected virtual bool Fits(string candidate, string word) => CompletionText.Fits(candidate, word);

    /// <summary>Results that are already complete, for instance file names.</summary>
    /// <param name="word">What is typed so far, without quotes.</param>
    /// <returns>The results.</returns>
    protected virtual IEnumerable<CompletionResult> More(string word) => [];

    /// <summary>An argument of the command line as text, or null.</summary>
    /// <param name="bound">The known arguments.</param>
    /// <param name="name">The parameter's name.</param>
    /// <returns>Its text.</returns>
    protected static string? Argument(IDictionary bound, string name)
        => bound.Contains(name) ? LanguagePrimitives.ConvertTo<string>(bound[name]) : null;
}
