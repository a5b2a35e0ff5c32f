namespace Bee.VirtualMachine;

/// <summary>The paths of the parts of the project that go into the guest.</summary>
internal static class Project
{
    /// <summary>The folder of Bee.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The module, complete as after a build.</summary>
    public static string Module { get; } = Path.Combine(Root, "module", "Bee");

    /// <summary>The folder of this suite's sources.</summary>
    public static string Suite { get; } = Path.Combine(Root, "tests", "Bee.VirtualMachine.Tests");

    /// <summary>The folder of the scenarios: scripts, with C files beside them.</summary>
    public static string Scenarios { get; } = Path.Combine(Suite, "scenarios");

    /// <summary>The executable that starts PowerShell on this machine; <c>build.sh</c> writes it.</summary>
    public static string PowerShell { get; } = Path.Combine(Root, "artifacts", "pwsh");

    /// <summary>A folder with a script <c>run.ps1</c> that replaces the scenarios in the guest, for the measurement of third-party programs (tests/Reach); null for none.</summary>
    public static string? Reach { get; } = Environment.GetEnvironmentVariable("BEE_REACH") is { Length: > 0 } folder ? folder : null;

    /// <summary>The names of the scenarios.</summary>
    public static IEnumerable<string> ScenarioNames =>
        Directory.GetFiles(Scenarios, "*.ps1").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Bee.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run inside the project's folder only.");
    }
}
