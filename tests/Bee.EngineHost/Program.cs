using System.Management.Automation;

namespace Bee.EngineHost;

/// <summary>The command line: <c>bee-host script.ps1 [-Name value]…</c> or <c>bee-host -c 'command'</c>.</summary>
public static class Program
{
    private const string Usage = """
        usage: bee-host SCRIPT.ps1 [ARGUMENT]...
               bee-host -c COMMAND
        """;

    /// <summary>Runs one script or command on the console.</summary>
    /// <returns>What the script gave to <c>exit</c>; 1 after a terminating error; 64 for a bad command line; 130 after Ctrl+C.</returns>
    public static int Main(string[] args)
    {
        if (args.Length == 0 || args[0] is "-h" or "--help" or "-?" || (args[0] == "-c" && args.Length != 2))
        {
            Console.Error.WriteLine(Usage);
            return args.Length == 0 || args[0] == "-c" ? 64 : 0;
        }

        using var session = new EngineSession(new ConsoleUserInterface(Console.Out, Console.Error, ConsoleUserInterface.TerminalWidth()));
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            session.Stop();
        };

        try
        {
            return args[0] == "-c" ? session.RunCommand(args[1]) : session.RunScript(Path.GetFullPath(args[0]), args[1..]);
        }
        catch (PipelineStoppedException)
        {
            return 130;
        }
    }
}
