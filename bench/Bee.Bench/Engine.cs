using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Bee.Bench;

/// <summary>PowerShell in this process, and the paths of the modules.</summary>
internal static class Engine
{
    /// <summary>The module that build.ps1 -Task Build completes; null if it has not been built.</summary>
    public static string? Module { get; } = Above("module/Bee/Bee.psd1");

    /// <summary>The PowerShell that build.sh installs; null if it is missing.</summary>
    public static string? Pwsh { get; } = Above("artifacts/pwsh");

    /// <summary>An empty binary module.</summary>
    public static string EmptyModule { get; } = Path.Combine(AppContext.BaseDirectory, "Empty", "Empty.psd1");

    /// <summary>Opens a runspace with PowerShell's own cmdlets loaded, since loading them is not a cost of the module.</summary>
    public static Runspace Open(params SessionStateCmdletEntry[] cmdlets)
    {
        var state = InitialSessionState.CreateDefault();
        state.Commands.Add(cmdlets);
        var runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        return runspace;
    }

    /// <summary>Runs a script; throws if it reports an error.</summary>
    public static IReadOnlyList<PSObject> Run(Runspace runspace, string script)
    {
        using var shell = PowerShell.Create(runspace);
        var output = shell.AddScript(script).Invoke();
        return shell.Streams.Error.Count == 0 ? output : throw new InvalidOperationException($"{script}: {shell.Streams.Error[0]}");
    }

    /// <summary>Runs this program again and returns the number that it prints.</summary>
    public static double Again(params string[] arguments)
    {
        // Started as "dotnet Bee.Bench.dll" or by its own executable.
        string[] all = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(Engine).Assembly.Location, .. arguments] : arguments;
        return double.Parse(Workbench.Run(Environment.ProcessPath!, all), System.Globalization.CultureInfo.InvariantCulture);
    }

    public static string Milliseconds(double value) => value.ToString("0", System.Globalization.CultureInfo.InvariantCulture) + " ms";

    public static Row NoModule(string name) => new(name, "", "", "", "needs module/Bee: build.ps1", null);

    private static string? Above(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine(folder.FullName, path) is var file && File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }
}
