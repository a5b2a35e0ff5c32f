namespace Bee.VirtualMachine.Machine;

/// <summary>The images of all programs that the scenarios run: the suite's own and the examples, made by Invoke-BeeBuild, once a run.</summary>
internal static class ProgramStore
{
    private static readonly Lazy<string> Built = new(Build);

    /// <summary>The store's folder.</summary>
    public static string Folder => Built.Value;

    private static string Build()
    {
        string folder = Directory.CreateTempSubdirectory("bee-guest-store-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string[] arguments = [Path.Combine(Project.Suite, "build-images.ps1"), "-Store", folder];
        ChildResult result = Child.Run(Path.Combine(Project.EngineHost, "bee-host"), arguments, TimeSpan.FromMinutes(3));
        return result.ExitCode == 0 ? folder : throw new InvalidOperationException($"The programs for the guest were not built:\n{result.Messages}{result.Output}");
    }
}
