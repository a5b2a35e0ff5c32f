using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Bee.VirtualMachine.Machine;

namespace Bee.Deployments;

/// <summary>
/// Builds the base of the tests' containers from this machine's files: the .NET runtime, PowerShell, the module, and the libraries that they need. The base of deploy/Containerfile
/// is larger, and would have to be downloaded.
/// </summary>
internal static class BaseLayer
{
    private const string Dotnet = "usr/share/dotnet", Shell = "opt/powershell", Bee = "opt/bee/Bee";

    /// <summary>The command of deploy/Containerfile.</summary>
    public static IReadOnlyList<string> Entrypoint { get; } = [$"/{Dotnet}/dotnet", $"/{Shell}/pwsh.dll", "-NoProfile", "-NonInteractive", "-File", $"/{Bee}/bee-run.ps1"];

    /// <summary>The variables of deploy/Containerfile.</summary>
    public static IReadOnlyList<string> Environment { get; } = [.. Variables()];

    /// <summary>Writes the layer, as tar with gzip.</summary>
    public static byte[] Write()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.NoCompression, leaveOpen: true))
        using (var archive = new TarWriter(gzip, TarEntryFormat.Gnu))
        {
            AddRuntime(archive);
            foreach (string file in Files(Project.PowerShellFiles!).Where(IsOfUse))
            {
                Add(archive, $"{Shell}/{Path.GetRelativePath(Project.PowerShellFiles!, file)}", file);
            }

            foreach (string file in Files(Project.Module))
            {
                Add(archive, $"{Bee}/{Path.GetRelativePath(Project.Module, file)}", file);
            }

            foreach (string folder in new[] { "opt/bee/home/cache/powershell", "opt/bee/home/config/powershell", "opt/bee/home/data/powershell/Modules", "tmp", "proc", "sys", "dev", "etc", "run" })
            {
                archive.WriteEntry(new GnuTarEntry(TarEntryType.Directory, folder + "/") { Mode = (UnixFileMode)0x1ED });
            }

            AddText(archive, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
            AddText(archive, "etc/hostname", "container\n");
        }

        return bytes.ToArray();
    }

    private static IEnumerable<string> Variables()
    {
        // ENV of the Containerfile, so that the tests run the same configuration.
        string[] lines = File.ReadAllLines(Project.File("deploy", "Containerfile"));
        int start = Array.FindIndex(lines, line => line.StartsWith("ENV ", StringComparison.Ordinal));
        for (int i = start; ; i++)
        {
            yield return lines[i].TrimStart().Replace("ENV ", "", StringComparison.Ordinal).TrimEnd('\\').Trim();
            if (!lines[i].EndsWith('\\'))
            {
                yield break;
            }
        }
    }

    private static void AddRuntime(TarWriter archive)
    {
        string framework = RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/');
        string root = Path.GetFullPath(Path.Combine(framework, "..", "..", ".."));
        string version = Path.GetFileName(framework);
        string resolver = Directory.GetFiles(Path.Combine(root, "host", "fxr"), "libhostfxr.so", SearchOption.AllDirectories)
            .OrderBy(path => Version.TryParse(Path.GetFileName(Path.GetDirectoryName(path)), out Version? found) ? found : new Version()).Last();
        Add(archive, $"{Dotnet}/dotnet", Path.Combine(root, "dotnet"));
        Add(archive, $"{Dotnet}/host/fxr/{version}/libhostfxr.so", resolver);
        string[] runtime = [.. Files(framework).Where(IsOfUse)];
        foreach (string file in runtime)
        {
            Add(archive, $"{Dotnet}/shared/Microsoft.NETCore.App/{version}/{Path.GetFileName(file)}", file);
        }

        string[] opened = [SharedLibraries.Find(SharedLibraries.Libbpf)!, SharedLibraries.Find(SharedLibraries.OpenSsl)!];
        foreach (string library in SharedLibraries.Of([Path.Combine(root, "dotnet"), .. opened, .. runtime.Where(file => file.EndsWith(".so", StringComparison.Ordinal))]).Concat(opened))
        {
            Add(archive, $"lib/{Path.GetFileName(library)}", library);
        }

        archive.WriteEntry(new GnuTarEntry(TarEntryType.SymbolicLink, "lib64") { LinkName = "lib" });
    }

    // Omits files for debuggers, compilers and Windows, which are a large part of the folders.
    private static bool IsOfUse(string file) => Path.GetFileName(file) is var name
        && name is not ("createdump" or "libcoreclrtraceptprovider.so" or "libmscordaccore.so" or "libmscordbi.so")
        && !name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) && !name.StartsWith("Microsoft.VisualBasic", StringComparison.Ordinal)
        && !name.StartsWith("System.ServiceModel", StringComparison.Ordinal) && !file.Contains("/ref/", StringComparison.Ordinal)
        && (!file.Contains("/Modules/", StringComparison.Ordinal) || file.Contains("/Microsoft.PowerShell.Utility/", StringComparison.Ordinal) || file.Contains("/Microsoft.PowerShell.Management/", StringComparison.Ordinal));

    private static IEnumerable<string> Files(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    private static void Add(TarWriter archive, string path, string file)
    {
        using FileStream content = File.OpenRead(file);
        archive.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, path) { Mode = (UnixFileMode)0x1ED, ModificationTime = DateTimeOffset.UnixEpoch, DataStream = content });
    }

    private static void AddText(TarWriter archive, string path, string text) =>
        archive.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, path) { Mode = (UnixFileMode)0x1A4, DataStream = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(text)) });
}
