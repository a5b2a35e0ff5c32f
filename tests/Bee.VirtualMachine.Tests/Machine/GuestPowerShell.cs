using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Bee.Packages;

namespace Bee.VirtualMachine.Machine;

/// <summary>
/// Prepares the PowerShell of .config/dotnet-tools.json for the guest: without files that no scenario uses, and with the assemblies that start a session
/// compiled ahead of time. The package holds portable code only, and an emulated processor takes half a minute to compile that.
/// </summary>
internal static class GuestPowerShell
{
    // All of them are loaded before the first scenario. Maps each name to the file for the guest.
    private static readonly Lazy<Dictionary<string, string>> s_compiled = new(() => new[]
    {
        "System.Management.Automation.dll", "Microsoft.PowerShell.ConsoleHost.dll", "Microsoft.PowerShell.Commands.Management.dll", "Microsoft.PowerShell.Commands.Utility.dll",
    }.ToDictionary(name => name, name => Compile(Path.Combine(Folder!, name))));

    private static readonly string[] s_modules = ["Microsoft.PowerShell.Management", "Microsoft.PowerShell.Utility"];

    /// <summary>The folder of pwsh.dll; null if <c>build.sh</c> has not restored it.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Compiles the assemblies. The first call is slow unless they are cached.</summary>
    public static void Prepare() => _ = s_compiled.Value;

    /// <summary>Adds the files to one folder of the guest, so that the runtime finds them without a deps.json.</summary>
    public static void Add(NewcArchive archive, string path)
    {
        string[] folders = [Folder!, .. new[] { "unix", "linux-x64" }.Select(name => Path.Combine(Folder!, "runtimes", name))];
        foreach (string file in folders.SelectMany((folder, i) => Directory.GetFiles(folder, "*", i == 0 ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories)).Order(StringComparer.Ordinal))
        {
            if (IsOfUse(Path.GetFileName(file)))
            {
                archive.AddFile($"{path}/{Path.GetFileName(file)}", s_compiled.Value.GetValueOrDefault(Path.GetFileName(file), file));
            }
        }

        foreach (string module in s_modules)
        {
            archive.AddFolder($"{path}/Modules/{module}", Path.Combine(Folder!, "Modules", module));
        }
    }

    private static bool IsOfUse(string name) => name is "pwsh.dll" or "pwsh.runtimeconfig.json" or "libpsl-native.so" or "System.Management.Automation.dll" or "Newtonsoft.Json.dll"
        || (name.StartsWith("Microsoft.", StringComparison.Ordinal) && name.EndsWith(".dll", StringComparison.Ordinal) && !name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal));

    private static string? Find()
    {
        string package = Path.Combine(Project.Root, "artifacts", "packages", "powershell", Metadata("PowerShellVersion"));
        return Directory.Exists(package)
            ? Directory.GetFiles(package, "pwsh.dll", SearchOption.AllDirectories).Select(file => Path.GetDirectoryName(file)!).SingleOrDefault(folder => Path.GetFileName(folder) == "unix")
            : null;
    }

    // Cached, or compiled now. Without the compiler, a package that the build of the module restores, the portable file.
    private static string Compile(string portable)
    {
        string framework = RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/');
        string compiler = Path.Combine(Metadata("NuGetPackageRoot"), "microsoft.netcore.app.crossgen2.linux-x64", Path.GetFileName(framework), "tools", "crossgen2");
        if (!File.Exists(compiler))
        {
            return portable;
        }

        string digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(portable)))[..16];
        string compiled = Path.Combine(CacheFolder.Path, "powershell", $"{digest}-{Path.GetFileName(framework)}", Path.GetFileName(portable));
        if (File.Exists(compiled))
        {
            return compiled;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(compiled)!);
        string work = $"{compiled}.{Guid.NewGuid():n}";
        string[] arguments = [portable, "-o", work, "-r", Path.Combine(framework, "*.dll"), "-r", Path.Combine(Folder!, "*.dll"), "--targetos", "linux", "--targetarch", "x64", "-O"];
        ChildResult result = Child.Run(compiler, arguments, TimeSpan.FromMinutes(4));
        if (result.ExitCode != 0)
        {
            File.Delete(work);
            return portable;
        }

        File.Move(work, compiled, overwrite: true);
        return compiled;
    }

    private static string Metadata(string key) =>
        typeof(GuestPowerShell).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
