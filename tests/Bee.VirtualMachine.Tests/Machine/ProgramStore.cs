using Bee.Packages;

namespace Bee.VirtualMachine.Machine;

/// <summary>The tools of the scenarios, built once by Invoke-BeeBuild: images of the suite's programs and of the examples, and an object for each program kind.</summary>
internal static class ProgramStore
{
    private static readonly Lazy<string> s_built = new(Build);

    /// <summary>The store's folder.</summary>
    public static string Folder => Path.Combine(s_built.Value, "store");

    /// <summary>The folder with an object file for each kind of program.</summary>
    public static string Kinds => Path.Combine(s_built.Value, "kinds");

    /// <summary>Builds the tools. The first call is slow.</summary>
    public static void Prepare() => _ = s_built.Value;

    private static string Build()
    {
        // Not a temporary folder, because the test process ends before it could delete one.
        string folder = Path.Combine(Project.Root, "artifacts", "guests", "programs");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        string[] arguments = ["-NoProfile", "-NonInteractive", "-File", Path.Combine(Project.Suite, "build-images.ps1"), "-Store", Path.Combine(folder, "store"), "-Kinds", Path.Combine(folder, "kinds")];
        ChildResult result = Child.Run(Project.PowerShell, arguments, TimeSpan.FromMinutes(6));
        return result.ExitCode == 0 ? folder : throw new InvalidOperationException($"The programs for the guest were not built:\n{result.Messages}{result.Output}");
    }
}
