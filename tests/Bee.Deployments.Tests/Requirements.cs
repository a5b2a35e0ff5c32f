using System.Runtime.InteropServices;
using Bee.VirtualMachine.Machine;

namespace Bee.Deployments;

/// <summary>Checks the requirements of the tests.</summary>
internal static class Requirements
{
    /// <summary>Why tools cannot be run here; null if they can.</summary>
    public static string? Kernel { get; } =
        Environment.UserName != "root" ? "loading programs takes root"
        : !File.Exists("/sys/kernel/btf/vmlinux") ? "this kernel brings no BTF"
        : !File.Exists("/sys/kernel/tracing/events/enable") ? "tracefs is not mounted"
        : OnPath("clang") is null && OnPath("clang-14") is null ? "clang is not on PATH"
        : null;

    /// <summary>Why podman cannot run a container here; null if it can.</summary>
    public static string? Podman { get; } = Kernel
        ?? (OnPath("podman") is null ? "podman is not installed (package podman)"
        : OnPath("runc") is null ? "runc is not installed (package runc)"
        : Project.PowerShellFiles is null ? "PowerShell is not restored; ./build.sh test does that"
        : RuntimeInformation.ProcessArchitecture != Architecture.X64 ? "the container's system is made of an x86-64 machine's files"
        : new[] { SharedLibraries.Libbpf, SharedLibraries.OpenSsl }.FirstOrDefault(name => SharedLibraries.Find(name) is null) is { } library ? $"{library} is not installed"
        : null);

    /// <summary>Why containerd cannot run a container here; null if it can.</summary>
    public static string? Containerd { get; } = Podman
        ?? (new[] { "containerd", "ctr", "ip", "curl" }.FirstOrDefault(name => OnPath(name) is null) is { } missing ? $"{missing} is not installed" : null);

    /// <summary>Returns the path of a program; null if it is not installed.</summary>
    public static string? OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]).Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
