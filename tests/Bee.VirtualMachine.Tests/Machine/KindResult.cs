namespace Bee.VirtualMachine.Machine;

/// <summary>What became of a program of one kind.</summary>
/// <param name="Kind">The kind's name.</param>
/// <param name="Attached">True when it ran.</param>
/// <param name="Fault">The error's id without what all have in common; empty when it ran.</param>
/// <param name="Message">The error's first line; empty when it ran.</param>
/// <param name="Remedy">What the error says to do.</param>
internal sealed record KindResult(string Kind, bool Attached, string Fault, string Message, string Remedy)
{
    /// <summary>Reads the lines that inside/try-kinds.ps1 gives, and passes over others.</summary>
    public static IReadOnlyList<KindResult> Parse(string text)
    {
        var kinds = new List<KindResult>();
        foreach (string line in text.Split('\n'))
        {
            if (line.Split('\t') is ["kind", var kind, ("attached" or "refused") and var state, var fault, var message, var remedy])
            {
                kinds.Add(new KindResult(kind, state == "attached", fault, message.Trim(), remedy.Trim()));
            }
        }

        return kinds;
    }
}
