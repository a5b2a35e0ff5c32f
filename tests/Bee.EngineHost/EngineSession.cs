using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;

namespace Bee.EngineHost;

/// <summary>
/// A runspace on the engine alone: the commands of Microsoft.PowerShell.Core and <see cref="UpdateFormatDataCommand"/>, nothing else. What
/// works here works in every PowerShell of this version.
/// </summary>
public sealed class EngineSession : IDisposable
{
    private readonly EngineHost _host;
    private readonly Lock _running = new();
    private PowerShell? _current;
    private bool _disposed;

    /// <summary>Opens a runspace whose host shows what is written on <paramref name="ui"/>.</summary>
    public EngineSession(ConsoleUserInterface ui)
    {
        var state = InitialSessionState.CreateDefault2();
        state.Commands.Add(new SessionStateCmdletEntry("Update-FormatData", typeof(UpdateFormatDataCommand), null));
        _host = new EngineHost(ui);
        Runspace = RunspaceFactory.CreateRunspace(_host, state);
        Runspace.Open();
    }

    /// <summary>The runspace, for callers that want objects instead of text.</summary>
    public Runspace Runspace { get; }

    /// <summary>Runs a script file; its arguments are as on a command line: <c>-Name value</c>, <c>-Switch</c>, <c>value</c>.</summary>
    /// <remarks>An error that ends a statement ends the script.</remarks>
    /// <returns>What the script gave to <c>exit</c>, 1 when it threw, 66 when there is no such file, else 0.</returns>
    /// <exception cref="PipelineStoppedException">Somebody called <see cref="Stop"/>.</exception>
    public int RunScript(string path, IReadOnlyList<string> arguments)
    {
        if (!File.Exists(path))
        {
            _host.UI.WriteErrorLine($"bee-host: there is no script '{path}'");
            return 66;
        }

        ScriptBlockAst tree = Parser.ParseFile(path, out _, out ParseError[] errors);
        foreach (ParseError error in errors)
        {
            _host.UI.WriteErrorLine($"{path}:{error.Extent.StartLineNumber}:{error.Extent.StartColumnNumber}: {error.Message}");
        }

        if (errors.Length > 0)
        {
            return 1;
        }

        // A script block, not the file by name: `exit` in a script called by name ends that script only, and its number is then
        // the same variable that a native command inside it sets. In try, since a wrong argument would else end the call only, with success.
        var line = new StringBuilder("param($script) try { & $script");
        foreach (string argument in arguments)
        {
            // A parameter's name stays bare so that the binder sees a name; all else is data, quoted.
            bool isName = argument.Length > 1 && argument[0] == '-' && char.IsAsciiLetter(argument[1]) && argument.Skip(2).All(char.IsAsciiLetterOrDigit);
            line.Append(' ').Append(isName ? argument : $"'{CodeGeneration.EscapeSingleQuotedStringContent(argument)}'");
        }

        return Run(line.Append(" } catch { throw }").ToString(), tree.GetScriptBlock());
    }

    /// <summary>Runs a piece of script and shows its output as a console would, through Out-Default.</summary>
    /// <returns>What it gave to <c>exit</c>, 1 when it threw, else 0.</returns>
    /// <exception cref="PipelineStoppedException">Somebody called <see cref="Stop"/>.</exception>
    public int RunCommand(string command) => Run(command);

    /// <summary>What Ctrl+C does: stops the running pipeline, if there is one, from any thread, and returns at once.</summary>
    public void Stop()
    {
        lock (_running)
        {
            _current?.BeginStop(null, null);
        }
    }

    /// <summary>Closes the runspace; what still runs in it is stopped.</summary>
    public void Dispose()
    {
        lock (_running)
        {
            _disposed = true;
        }

        Runspace.Dispose();
    }

    private int Run(string script, params object[] arguments)
    {
        _host.ExitCode = null;
        using PowerShell shell = PowerShell.Create(Runspace);
        lock (_running)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _current = shell;
        }

        try
        {
            shell.AddScript(script);
            foreach (object argument in arguments)
            {
                shell.AddArgument(argument);
            }

            shell.AddCommand("Out-Default");
            shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
            shell.Invoke();
            return shell.InvocationStateInfo.State == PSInvocationState.Stopped ? throw new PipelineStoppedException() : _host.ExitCode ?? 0;
        }
        catch (RuntimeException error) when (error is not PipelineStoppedException)
        {
            Show(error.ErrorRecord);
            return 1;
        }
        finally
        {
            lock (_running)
            {
                _current = null;
            }
        }
    }

    private void Show(ErrorRecord record)
    {
        string? command = record.InvocationInfo?.MyCommand?.Name;
        _host.UI.WriteErrorLine($"{(string.IsNullOrEmpty(command) ? "bee-host" : command)}: {record.Exception.Message}");
        if (!string.IsNullOrEmpty(record.ScriptStackTrace))
        {
            _host.UI.WriteErrorLine(record.ScriptStackTrace);
        }
    }
}
