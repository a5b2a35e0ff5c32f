using System.Collections.Concurrent;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// What a registry wants people to know: the header <c>Warning</c> (OCI Distribution Specification 1.1, "Warnings"). It is told, each text once,
/// and nothing follows from it.
/// </summary>
internal sealed class RegistryWarnings(Endpoint endpoint)
{
    private const string Beginning = "299 - \"";
    private const int Most = 20;
    private const int Longest = 300;

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    /// <summary>Tells what an answer warns of.</summary>
    public void Tell(HttpResponseMessage response)
    {
        if (endpoint.Options.Note is not { } note || !response.Headers.NonValidated.TryGetValues("Warning", out var values))
        {
            return;
        }

        foreach (string value in values)
        {
            string text = value.Trim();
            if (!text.StartsWith(Beginning, StringComparison.Ordinal) || !text.EndsWith('"') || text.Length <= Beginning.Length + 1)
            {
                continue;
            }

            text = endpoint.Shown(text[Beginning.Length..^1].Replace("\\\"", "\"").Replace("\\\\", "\\"), Longest);
            if (_told.Count < Most && _told.TryAdd(text, true))
            {
                note(new RegistryNote($"{endpoint.Host} warns: {text}", IsWarning: true));
            }
        }
    }
}
