using System.Runtime.InteropServices;
using Bee.VirtualMachine.Kernels;

namespace Bee.VirtualMachine.Machine;

/// <summary>Writes the root file system of the guest: an archive that the kernel unpacks into memory.</summary>
internal static class RootFileSystem
{
    /// <summary>Writes the archive: a shell, .NET, PowerShell, the module, a store of images and the scenarios.</summary>
    public static void Write(string file, KernelFiles kernel)
    {
        using FileStream to = File.Create(file);
        using var archive = new NewcArchive(to);
        foreach (string folder in new[] { "proc", "sys", "dev", "tmp", "run", "root" })
        {
            archive.AddFolder(folder);
        }

        archive.AddFile("init", Path.Combine(Project.Suite, "inside", "init.sh"));
        archive.AddFile("bin/busybox", Requirements.Busybox!);
        archive.AddText("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n");
        archive.AddText("etc/group", "root:x:0:\nnogroup:x:65534:\n");
        archive.AddText("etc/hosts", "127.0.0.1 localhost\n");
        AddRuntime(archive);
        GuestPowerShell.Add(archive, "bee/powershell");
        archive.AddFolder("bee/module/Bee", Project.Module);
        if (Project.Reach is { } reach)
        {
            archive.AddFolder("bee/reach", reach);
        }
        else
        {
            archive.AddFolder("bee/store", ProgramStore.Folder);
            archive.AddFolder("bee/kinds", ProgramStore.Kinds);
        }

        archive.AddFolder("bee/inside", Path.Combine(Project.Suite, "inside"));
        archive.AddFolder("bee/scenarios", Project.Scenarios, file => file.EndsWith(".ps1", StringComparison.Ordinal));
        archive.AddFile($"boot/{Path.GetFileName(kernel.Settings)}", kernel.Settings);
        foreach (string module in kernel.Modules)
        {
            archive.AddFile($"bee/modules/{Path.GetFileName(module)}", module);
        }
    }

    // The runtime that runs these tests, in the layout in which `dotnet` looks for it, and the libraries of this machine that it needs.
    private static void AddRuntime(NewcArchive archive)
    {
        string framework = RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/');
        string root = Path.GetFullPath(Path.Combine(framework, "..", "..", ".."));
        string version = Path.GetFileName(framework);
        string resolver = Directory.GetFiles(Path.Combine(root, "host", "fxr"), "libhostfxr.so", SearchOption.AllDirectories)
            .OrderBy(path => Version.TryParse(Path.GetFileName(Path.GetDirectoryName(path)), out Version? found) ? found : new Version()).Last();
        archive.AddFile("dotnet/dotnet", Path.Combine(root, "dotnet"));
        archive.AddFile($"dotnet/host/fxr/{version}/libhostfxr.so", resolver);
        archive.AddFolder($"dotnet/shared/Microsoft.NETCore.App/{version}", framework, IsOfUse);

        // These two are loaded by name on demand. OpenSSL computes the digests of images.
        string[] opened = [SharedLibraries.Find(SharedLibraries.Libbpf)!, SharedLibraries.Find(SharedLibraries.OpenSsl)!];
        string[] native = [Path.Combine(root, "dotnet"), .. opened, .. Directory.GetFiles(framework, "*.so").Where(IsOfUse)];
        foreach (string library in SharedLibraries.Of(native).Concat(opened))
        {
            // In a folder that the dynamic linker searches without a cache.
            archive.AddFile($"lib/{Path.GetFileName(library)}", library);
        }

        archive.AddLink("lib64", "lib");
        archive.AddLink("usr/lib", "../lib");
    }

    // Omits files for debuggers, tracers and Windows, which are a large part of the folder.
    private static bool IsOfUse(string file) => Path.GetFileName(file) is var name
        && name is not ("createdump" or "libcoreclrtraceptprovider.so" or "libmscordaccore.so" or "libmscordbi.so")
        && !name.StartsWith("Microsoft.VisualBasic", StringComparison.Ordinal);
}
