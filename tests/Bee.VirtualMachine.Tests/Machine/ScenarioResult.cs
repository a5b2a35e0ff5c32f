using System.Globalization;

namespace Bee.VirtualMachine.Machine;

/// <summary>How a scenario ended in the guest.</summary>
/// <param name="Passed">True when it threw nothing.</param>
/// <param name="Milliseconds">How long it took there.</param>
/// <param name="Message">What it threw.</param>
internal sealed record ScenarioResult(bool Passed, int Milliseconds, string Message)
{
    /// <summary>Reads the guest's lines: name, passed or failed, milliseconds, message (percent-encoded), with tabs between.</summary>
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
