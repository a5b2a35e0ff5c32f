namespace Bee.Cmdlets.Tests;

/// <summary>The paths of the project and its built module.</summary>
internal static class BeeModule
{
    /// <summary>The folder of Bee.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The module's folder.</summary>
    public static string Path { get; } = System.IO.Path.GetDirectoryName(Built("module", "Bee", "Bee.Cmdlets.dll"))!;

    /// <summary>The executable that starts PowerShell. The process is the session itself, not a launcher.</summary>
    public static string PowerShell => Built("artifacts", "pwsh");

    /// <summary>The module's own assemblies as loaded in this process, the cmdlets' first.</summary>
    public static IReadOnlyList<System.Reflection.Assembly> Assemblies =>
        [.. new[] { "Cmdlets", "Posix", "Ebpf", "Oci", "Toolchain", "Telemetry", "Terminal" }.Select(name => System.Reflection.Assembly.LoadFrom(System.IO.Path.Combine(Path, $"Bee.{name}.dll")))];

    /// <summary>Returns the path of a file of the project.</summary>
    public static string File(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string Built(params string[] parts) => System.IO.File.Exists(File(parts))
        ? File(parts)
        : throw new InvalidOperationException($"{string.Join('/', parts)} is not built. Run ./build.sh build first.");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "Bee.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run inside the project's folder only.");
    }
}
