namespace Bee.Cmdlets.Base;

/// <summary>Reports whether a user can answer a prompt. A script, a service or a CI job gets an error and does not wait for an answer.</summary>
internal static class Interaction
{
    /// <summary>Whether a question can be answered: standard input is a terminal, and pwsh was not started with -NonInteractive.</summary>
    public static bool IsPossible => !Console.IsInputRedirected && !Environment.GetCommandLineArgs().Skip(1).Any(IsNonInteractive);

    // Any beginning of the switch that pwsh takes for it. Its host would refuse too, but only after the question was on the screen.
    private static bool IsNonInteractive(string argument) =>
        argument.Length > 4 && argument[0] == '-' && "-NonInteractive".StartsWith(argument, StringComparison.OrdinalIgnoreCase);
}
