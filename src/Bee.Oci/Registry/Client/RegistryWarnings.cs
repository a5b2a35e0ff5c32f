using System.Collections.Concurrent;
using Bee.Oci.Json;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// What a registry wants people to know: the header <c>Warning</c> (OCI Distribution Specification 1.1, "Warnings"). It is told, each text once,
/// and nothing follows from it.
/// </summary>
internal sealed class RegistryWarnings(string host, Action<RegistryNote>? note)
{
    private const string Beginning = "299 - \"";
    private const int Most = 20;
    private const int Longest = 300;

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    /// <summary>Tells what an answer warns of.</summary>
    public void Tell(HttpResponseMessage response)
    {
        if (note is null || !response.Headers.NonValidated.TryGetValues("Warning", out var values))
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

            text = Printable.Text(text[Beginning.Length..^1].Replace("\\\"", "\"").Replace("\\\\", "\\"));
            if (_told.Count < Most && _told.TryAdd(text, true))
            {
                note(new RegistryNote($"{host} warns: {(text.Length > Longest ? text[..Longest] + "…" : text)}", IsWarning: true));
            }
        }
    }
}
