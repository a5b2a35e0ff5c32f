namespace Bee.Toolchain.Tests;

/// <summary>A test that compiles: skipped, with the reason, where clang or the kernel's BTF is not there.</summary>
internal sealed class CompileFactAttribute : FactAttribute
{
    public CompileFactAttribute() => Skip = Requirements.Compile;
}

/// <summary>The same for a test with data.</summary>
internal sealed class CompileTheoryAttribute : TheoryAttribute
{
    public CompileTheoryAttribute() => Skip = Requirements.Compile;
}

internal static class Requirements
{
    internal static string? Compile { get; } = Check();

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
