namespace Bee.Cmdlets.Tests;

/// <summary>Where the project and its built module are.</summary>
internal static class BeeModule
{
    /// <summary>The folder of Bee.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder to import.</summary>
    public static string Path { get; } = System.IO.Path.Combine(Root, "module", "Bee");

    /// <summary>The engine host that the build put beside these tests.</summary>
    public static string EngineHost { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "bee-host");

    /// <summary>A file of the project.</summary>
    public static string File(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "Bee.slnx")))
            {
                return System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "module", "Bee", "Bee.Cmdlets.dll"))
                    ? folder.FullName
                    : throw new InvalidOperationException("module/Bee is not built. Run ./build.sh build first.");
            }
        }

        throw new InvalidOperationException("The tests run inside the project's folder only.");
    }
}
