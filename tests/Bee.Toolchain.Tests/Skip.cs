namespace Bee.Toolchain.Tests;

/// <summary>Skips a test that has begun: what only the kernel can say is known then.</summary>
internal static class Skip
{
    /// <summary>Skips the test where there is a reason.</summary>
    internal static void If(string? reason)
    {
        if (reason is not null)
        {
            // How xunit's runner knows a skip from a failure.
            throw new InvalidOperationException("$XunitDynamicSkip$" + reason.ReplaceLineEndings(" "));
        }
    }
}
