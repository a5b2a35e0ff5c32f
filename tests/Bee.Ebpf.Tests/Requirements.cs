using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Tests.Objects;

namespace Bee.Ebpf.Tests;

/// <summary>A test that compiles C: skipped where clang is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClangFactAttribute : FactAttribute
{
    /// <summary>Looks for clang.</summary>
    public ClangFactAttribute() => Skip = Fixtures.Missing;
}

/// <summary>A test of several cases that compiles C: skipped where clang is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClangTheoryAttribute : TheoryAttribute
{
    /// <summary>Looks for clang.</summary>
    public ClangTheoryAttribute() => Skip = Fixtures.Missing;
}

/// <summary>A test that gives compiled objects to libbpf: skipped where clang or libbpf is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LibbpfFactAttribute : FactAttribute
{
    /// <summary>Looks for both.</summary>
    public LibbpfFactAttribute() =>
        Skip = Fixtures.Missing ?? (NativeLibrary.TryLoad("libbpf.so.1", out _) ? null : "libbpf.so.1 is not installed (package libbpf1)");
}

/// <summary>A test that gives compiled objects to bpftool: skipped where clang or bpftool is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BpftoolFactAttribute : FactAttribute
{
    /// <summary>Looks for both.</summary>
    public BpftoolFactAttribute() => Skip = Fixtures.Missing ?? (Fixtures.Find("bpftool") is null ? "bpftool is not installed (package bpftool)" : null);
}

/// <summary>A test of the running kernel's types: skipped where it shows none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelTypesFactAttribute : FactAttribute
{
    /// <summary>Looks for them.</summary>
    public KernelTypesFactAttribute() => Skip = File.Exists(BtfSpec.KernelPath) ? null : $"this kernel shows no types ({BtfSpec.KernelPath})";
}
