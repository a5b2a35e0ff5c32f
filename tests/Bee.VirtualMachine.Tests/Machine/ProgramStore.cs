using Bee.Packages;

namespace Bee.VirtualMachine.Machine;

/// <summary>What the scenarios run, made by Invoke-BeeBuild, once a run: images of the suite's own programs and of the examples, and objects of each kind.</summary>
internal static class ProgramStore
{
    private static readonly Lazy<string> s_built = new(Build);

    /// <summary>The store's folder.</summary>
    public static string Folder => Path.Combine(s_built.Value, "store");

    /// <summary>The folder with an object file for each kind of program.</summary>
    public static string Kinds => Path.Combine(s_built.Value, "kinds");

    /// <summary>Builds them; the first call takes a while.</summary>
    public static void Prepare() => _ = s_built.Value;

    private static string Build()
    {
        // Not a temporary folder: the tests' process is ended before it could delete one.
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
