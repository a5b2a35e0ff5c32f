using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Bee.Cmdlets.Tests;

/// <summary>The result of one run in a shell, by stream.</summary>
internal sealed record ShellResult(IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Warnings);

/// <summary>A runspace with the module imported, on a screen that records its text.</summary>
internal sealed class Shell : IDisposable
{
    private readonly Terminal _terminal;

    /// <summary>Opens a runspace.</summary>
    /// <param name="width">The width of the screen in columns.</param>
    public Shell(int width = 80)
    {
        _terminal = new Terminal(width);
        Runspace = RunspaceFactory.CreateRunspace(_terminal, InitialSessionState.CreateDefault2());
        Runspace.Open();
        ShellResult imported = Run("Import-Module $module", ("module", BeeModule.Path));
        Assert.True(imported.Errors.Count == 0, imported.Errors.Count == 0 ? null : WhyNotImported(imported.Errors[0]));
    }

    /// <summary>The runspace, for pipelines that a test runs itself.</summary>
    public Runspace Runspace { get; }

    /// <summary>Changes the width of the screen.</summary>
    public void Resize(int width) => _terminal.UI.RawUI.BufferSize = new System.Management.Automation.Host.Size(width, 3000);

    /// <summary>The text on the screen so far.</summary>
    public string Screen => _terminal.Text;

    /// <summary>Runs a script with these variables set, and returns its objects and errors. An exception becomes the last error.</summary>
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

    // The engine reports only that it found no module, even if the runspace has no drive for the path or the file is temporarily invisible.
    private string WhyNotImported(ErrorRecord error) =>
        $"{error} The manifest exists: {File.Exists(Path.Combine(BeeModule.Path, "Bee.psd1"))}. Drives: {string.Join(", ", Run("Get-PSDrive -PSProvider FileSystem").Output)}.";

    /// <summary>Runs a script that must succeed, and returns its objects.</summary>
    public IReadOnlyList<PSObject> Objects(string script, params (string Name, object? Value)[] variables)
    {
        ShellResult result = Run(script, variables);
        Assert.True(result.Errors.Count == 0, string.Join('\n', result.Errors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")));
        return result.Output;
    }

    /// <summary>Runs a script that must fail with exactly one error, and returns the error.</summary>
    public ErrorRecord Error(string script, params (string Name, object? Value)[] variables)
    {
        ShellResult result = Run(script, variables);
        return Assert.Single(result.Errors);
    }

    /// <summary>Runs a script and returns the lines that it shows on the screen.</summary>
    public string[] Show(string script, params (string Name, object? Value)[] variables)
    {
        int before = Screen.Length;
        using PowerShell shell = Pipeline(script, variables);
        shell.AddCommand("Out-Default").Invoke();
        Assert.Empty(shell.Streams.Error);
        return Screen[before..].Split('\n').Select(line => line.TrimEnd()).ToArray();
    }

    /// <summary>Creates a pipeline that the test starts and stops itself.</summary>
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
