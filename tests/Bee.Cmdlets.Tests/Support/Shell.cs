using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Bee.Cmdlets.Tests;

/// <summary>What one run in a shell gave, stream by stream.</summary>
internal sealed record ShellResult(IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Warnings);

/// <summary>A runspace with the module imported, on a screen that keeps what is written on it.</summary>
internal sealed class Shell : IDisposable
{
    private readonly Terminal _terminal;

    /// <summary>Opens a runspace.</summary>
    /// <param name="width">How many columns the screen has.</param>
    public Shell(int width = 80)
    {
        _terminal = new Terminal(width);
        Runspace = RunspaceFactory.CreateRunspace(_terminal, InitialSessionState.CreateDefault2());
        Runspace.Open();
        ShellResult imported = Run("Import-Module $module", ("module", BeeModule.Path));
        Assert.True(imported.Errors.Count == 0, imported.Errors.Count == 0 ? null : WhyNotImported(imported.Errors[0]));
    }

    /// <summary>The runspace, for pipelines that a test wants to run by hand.</summary>
    public Runspace Runspace { get; }

    /// <summary>Gives the screen another width.</summary>
    public void Resize(int width) => _terminal.UI.RawUI.BufferSize = new System.Management.Automation.Host.Size(width, 3000);

    /// <summary>What stands on the screen so far.</summary>
    public string Screen => _terminal.Text;

    /// <summary>Runs a script with these variables set, and gives its objects and its errors. What it throws is the last of the errors.</summary>
    public ShellResult Run(string script, params (string Name, object? Value)[] variables)
    {
        using PowerShell shell = Pipeline(script, variables);
        var thrown = new List<ErrorRecord>();
        IReadOnlyList<PSObject> output = [];
        try
        {
            output = shell.Invoke();
        }
        catch (RuntimeException error)
        {
            thrown.Add(error.ErrorRecord);
        }

        return new ShellResult(output, [.. shell.Streams.Error, .. thrown], [.. shell.Streams.Warning.Select(warning => warning.Message)]);
    }

    // The engine says only that it found no module when the runspace has no drive for the path, or the file cannot be seen at that moment.
    private string WhyNotImported(ErrorRecord error) =>
        $"{error} The manifest exists: {File.Exists(Path.Combine(BeeModule.Path, "Bee.psd1"))}. Drives: {string.Join(", ", Run("Get-PSDrive -PSProvider FileSystem").Output)}.";

    /// <summary>Runs a script that must go well, and gives its objects.</summary>
    public IReadOnlyList<PSObject> Objects(string script, params (string Name, object? Value)[] variables)
    {
        ShellResult result = Run(script, variables);
        Assert.True(result.Errors.Count == 0, string.Join('\n', result.Errors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")));
        return result.Output;
    }

    /// <summary>Runs a script that must fail with exactly one error, and gives that.</summary>
    public ErrorRecord Error(string script, params (string Name, object? Value)[] variables)
    {
        ShellResult result = Run(script, variables);
        return Assert.Single(result.Errors);
    }

    /// <summary>Runs a script and gives the lines that it shows on the screen.</summary>
    public string[] Show(string script, params (string Name, object? Value)[] variables)
    {
        int before = Screen.Length;
        using PowerShell shell = Pipeline(script, variables);
        shell.AddCommand("Out-Default").Invoke();
        Assert.Empty(shell.Streams.Error);
        return Screen[before..].Split('\n').Select(line => line.TrimEnd()).ToArray();
    }

    /// <summary>A pipeline that the test starts and stops itself.</summary>
    public PowerShell Pipeline(string script, params (string Name, object? Value)[] variables)
    {
        foreach ((string name, object? value) in variables)
        {
            Runspace.SessionStateProxy.SetVariable(name, value);
        }

        var shell = PowerShell.Create(Runspace);
        return shell.AddScript(script, useLocalScope: true);
    }

    public void Dispose() => Runspace.Dispose();
}
