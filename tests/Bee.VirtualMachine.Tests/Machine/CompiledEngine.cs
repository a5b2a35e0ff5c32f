using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Bee.Packages;

namespace Bee.VirtualMachine.Machine;

/// <summary>
/// The engine's assembly, compiled for the processor ahead of time: its package holds portable code only, and compiling that as it runs takes an emulated
/// machine half a minute.
/// </summary>
internal static class CompiledEngine
{
    /// <summary>Its file name.</summary>
    public const string Name = "System.Management.Automation.dll";

    /// <summary>The compiled file, from the cache or made now; the portable one where the compiler (a package that the build restores) is not there.</summary>
    public static string Obtain()
    {
        string portable = Directory.GetFiles(Path.Combine(Project.EngineHost, "runtimes", "unix"), Name, SearchOption.AllDirectories).Single();
        string framework = RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/');
        string compiler = Path.Combine(PackageRoot(), "microsoft.netcore.app.crossgen2.linux-x64", Path.GetFileName(framework), "tools", "crossgen2");
        if (!File.Exists(compiler))
        {
            return portable;
        }

        string digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(portable)))[..16];
        string compiled = Path.Combine(CacheFolder.Path, "engine", $"{digest}-{Path.GetFileName(framework)}", Name);
        if (File.Exists(compiled))
        {
            return compiled;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(compiled)!);
        string work = $"{compiled}.{Guid.NewGuid():n}";
        string[] arguments = [portable, "-o", work, "-r", Path.Combine(framework, "*.dll"), "-r", Path.Combine(Project.EngineHost, "*.dll"), "--targetos", "linux", "--targetarch", "x64", "-O"];
        ChildResult result = Child.Run(compiler, arguments, TimeSpan.FromMinutes(4));
        if (result.ExitCode != 0)
        {
            File.Delete(work);
            return portable;
        }

        File.Move(work, compiled, overwrite: true);
        return compiled;
    }

    private static string PackageRoot() =>
        typeof(CompiledEngine).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "NuGetPackageRoot").Value!;
}
