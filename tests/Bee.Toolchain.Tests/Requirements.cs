using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Tests;

/// <summary>A test that compiles; skipped, with the reason, if clang or the kernel's BTF is missing.</summary>
internal sealed class CompileFactAttribute : FactAttribute
{
    public CompileFactAttribute() => Skip = Requirements.Compile;
}

/// <summary>The same for a theory.</summary>
internal sealed class CompileTheoryAttribute : TheoryAttribute
{
    public CompileTheoryAttribute() => Skip = Requirements.Compile;
}

/// <summary>A test that compiles, and gives files to another user.</summary>
internal sealed class RootCompileFactAttribute : FactAttribute
{
    public RootCompileFactAttribute() => Skip = Environment.IsPrivilegedProcess ? Requirements.Compile : "needs root, to give files to another user";
}

internal static class Requirements
{
    /// <summary>Why nothing can be compiled here; null if it can.</summary>
    internal static string? Compile { get; } = Check();

    /// <summary>Why programs cannot be loaded here; null if they can.</summary>
    internal static string? Kernel => Environment.IsPrivilegedProcess ? Compile : "needs root, to load programs into the kernel";

    /// <summary>Why the test cannot create network namespaces; null if it can.</summary>
    internal static string? Network => Kernel ?? (Array.TrueForAll(["ip", "perl", "nsenter"], IsOnPath) ? null : "needs ip, perl and nsenter, to make a network namespace and send packets there");

    private static bool IsOnPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)));

    private static string? Check()
    {
        try
        {
            Clang.Find(null, CancellationToken.None).FindStrip();
            return File.Exists(VmlinuxHeader.KernelBtf) ? null : $"needs {VmlinuxHeader.KernelBtf}";
        }
        catch (ToolMissingException exception)
        {
            return exception.Message;
        }
    }
}
