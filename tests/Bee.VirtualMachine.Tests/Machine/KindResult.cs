namespace Bee.VirtualMachine.Machine;

/// <summary>The result of a program of one kind.</summary>
/// <param name="Kind">The kind's name.</param>
/// <param name="Attached">Whether the program attached.</param>
/// <param name="Fault">The error id without the common prefix; empty if the program attached.</param>
/// <param name="Message">The first line of the error; empty if the program attached.</param>
/// <param name="Remedy">The remedy of the error.</param>
internal sealed record KindResult(string Kind, bool Attached, string Fault, string Message, string Remedy)
{
    /// <summary>Parses the output of inside/try-kinds.ps1, and ignores other lines.</summary>
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
