using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Bee.Packages;
using Bee.VirtualMachine.Kernels;
using Bee.VirtualMachine.Machine;

namespace Bee.VirtualMachine;

/// <summary>Checks the requirements of a guest.</summary>
internal static class Requirements
{
    private static readonly ConcurrentDictionary<string, string?> s_obstacles = new();

    /// <summary>The path of the emulator; null if it is not installed.</summary>
    public static string? Qemu { get; } = OnPath("qemu-system-x86_64");

    /// <summary>The path of a statically linked busybox; null if it is not installed.</summary>
    public static string? Busybox { get; } = OnPath("busybox") is { } found && SharedLibraries.Of([found]).Count == 0 ? found : null;

    /// <summary>Why a kernel cannot be booted here; null if it can. Downloads the kernel if it is not in the cache.</summary>
    public static string? Obstacle(string version) => s_obstacles.GetOrAdd(version, Find);

    private static string? Find(string version)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return "the guest is an x86-64 machine made of this machine's own files";
        }

        string? missing = Qemu is null ? "qemu-system-x86_64 is not on PATH (package qemu-system-x86)"
            : Busybox is null ? "a static busybox is not on PATH (package busybox-static)"
            : new[] { SharedLibraries.Libbpf, SharedLibraries.OpenSsl }.FirstOrDefault(name => SharedLibraries.Find(name) is null) is { } library ? $"{library} is not installed"
            : OnPath("clang") is null && OnPath("clang-14") is null ? "clang is not on PATH"
            : GuestPowerShell.Folder is null || !File.Exists(Project.PowerShell) ? "PowerShell is not restored; ./build.sh test does that"
            : !File.Exists("/sys/kernel/btf/vmlinux") ? "compiling needs this kernel's BTF"
            : null;
        if (missing is not null)
        {
            return missing;
        }

        try
        {
            KernelFiles.Obtain(DebianKernel.Of(version));
            return null;
        }
        catch (Exception exception) when (exception is PackageMissingException or IOException or UnauthorizedAccessException)
        {
            return $"Debian's kernel {version} cannot be had: {exception.Message}";
        }
    }

    private static string? OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
