using System.Text.Json;
using Bee.Cmdlets.Fleet;
using Bee.Ebpf.Checks;

namespace Bee.Cmdlets.Collaborators.Tests;

/// <summary>The report of a host about a tool. The host may be hostile.</summary>
public sealed class CheckReportTests
{
    [Fact]
    public void Decode_returns_what_was_encoded_with_visible_control_characters()
    {
        var sent = new CheckReport("6.1\e[2J", "linux/amd64", [new CheckResult("Helpers", CheckState.Failed, "no\ahelper") { Remedy = "update\u009b1m", Target = "bpf_x" }, new CheckResult("License", CheckState.Ok, "fine")]);

        var read = CheckReport.Decode(sent.Encode());

        Assert.Equal(["Helpers", "License"], read.Results.Select(result => result.Name));
        Assert.Equal([CheckState.Failed, CheckState.Ok], read.Results.Select(result => result.State));
        Assert.Equal(("bpf_x", null), (read.Results[0].Target, read.Results[1].Target));
        Assert.DoesNotContain($"{read.Kernel}{read.Results[0].Message}{read.Results[0].Remedy}", char.IsControl);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"Results":[null]}""")]
    [InlineData("""{"Results":[{"Name":"a","State":7,"Message":"b"}]}""")]
    [InlineData("""{"Results":[{"Name":"a","State":"Great","Message":"b"}]}""")]
    [InlineData("""{"Results":[{"State":"Ok","Message":"b"}]}""")]
    public void Decode_rejects_other_text(string text) => Assert.ThrowsAny<JsonException>(() => CheckReport.Decode(text));
}
