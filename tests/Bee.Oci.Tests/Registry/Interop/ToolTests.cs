using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Interop;

/// <summary>Checks the versions of third-party programs that tests rely on.</summary>
public sealed class ToolTests
{
    [ToolFact(Tool.Oras)]
    public void Oras_is_1_3() => Assert.Matches(@"Version:\s+1\.([3-9]|\d\d)", Tool.Run(Tool.Oras, ["version"]).Success);

    // Debian's builds do not contain their version, so this checks features.
    [ToolFact(Tool.Cosign, Tool.Cosign3)]
    public void The_two_cosigns_are_two()
    {
        Assert.Contains("--tlog-upload", Tool.Run(Tool.Cosign, ["sign", "--help"]).Success, StringComparison.Ordinal);
        Assert.DoesNotContain("--use-signing-config", Tool.Run(Tool.Cosign, ["sign", "--help"]).Success, StringComparison.Ordinal);
        Assert.Contains("--use-signing-config", Tool.Run(Tool.Cosign3, ["sign", "--help"]).Success, StringComparison.Ordinal);
    }
}
