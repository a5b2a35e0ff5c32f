using System.Globalization;

namespace Bee.VirtualMachine.Machine;

/// <summary>The result of a scenario in the guest.</summary>
/// <param name="Passed">Whether the scenario completed without an exception.</param>
/// <param name="Milliseconds">The duration in the guest, in milliseconds.</param>
/// <param name="Message">The exception.</param>
internal sealed record ScenarioResult(bool Passed, int Milliseconds, string Message)
{
    /// <summary>Parses the guest's lines: name, passed or failed, milliseconds and message (percent-encoded), separated by tabs.</summary>
    public static Dictionary<string, ScenarioResult> Parse(string text)
    {
        var results = new Dictionary<string, ScenarioResult>();
        foreach (string line in text.Split('\n'))
        {
            if (line.Split('\t') is [var name, ("passed" or "failed") and var state, var milliseconds, var message])
            {
                results[name] = new ScenarioResult(state == "passed", int.Parse(milliseconds, CultureInfo.InvariantCulture), Uri.UnescapeDataString(message));
            }
        }

        return results;
    }
}
