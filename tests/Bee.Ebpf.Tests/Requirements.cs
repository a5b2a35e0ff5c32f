using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Tests.Objects;

namespace Bee.Ebpf.Tests;

/// <summary>Marks a test that compiles C. Skips it if clang is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClangFactAttribute : FactAttribute
{
    /// <summary>Skips the test if clang is not installed.</summary>
    public ClangFactAttribute() => Skip = Fixtures.Missing;
}

/// <summary>Marks a test with several cases that compiles C. Skips it if clang is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClangTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips the test if clang is not installed.</summary>
    public ClangTheoryAttribute() => Skip = Fixtures.Missing;
}

/// <summary>Marks a test that opens compiled objects with libbpf. Skips it if clang or libbpf is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LibbpfFactAttribute : FactAttribute
{
    /// <summary>Skips the test if one of them is not installed.</summary>
    public LibbpfFactAttribute() =>
        Skip = Fixtures.Missing ?? (NativeLibrary.TryLoad("libbpf.so.1", out _) ? null : "libbpf.so.1 is not installed (package libbpf1)");
}

/// <summary>Marks a test that passes compiled objects to bpftool. Skips it if clang or bpftool is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BpftoolFactAttribute : FactAttribute
{
    /// <summary>Skips the test if one of them is not installed.</summary>
    public BpftoolFactAttribute() => Skip = Fixtures.Missing ?? (Fixtures.Find("bpftool") is null ? "bpftool is not installed (package bpftool)" : null);
}

/// <summary>Marks a test that needs the running kernel's BTF. Skips it if the kernel does not expose BTF.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelTypesFactAttribute : FactAttribute
{
    /// <summary>Skips the test if the kernel does not expose BTF.</summary>
    public KernelTypesFactAttribute() => Skip = File.Exists(BtfSpec.KernelPath) ? null : $"this kernel does not expose BTF ({BtfSpec.KernelPath})";
}
