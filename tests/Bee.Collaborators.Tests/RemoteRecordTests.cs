using Bee.Cmdlets.Views;

namespace Bee.Collaborators.Tests;

/// <summary>Details of objects from other processes.</summary>
public sealed class RemoteRecordTests
{
    [Theory]
    [InlineData("comm", "'comm'")]
    [InlineData("a'b", "'a''b'")]
    [InlineData("a\u2019; Exit #", "'a\u2019\u2019; Exit #'")]
    [InlineData("\u2018\u201a\u201b", "'\u2018\u2018\u201a\u201a\u201b\u201b'")]
    public void Member_doubles_every_quote_of_PowerShell(string name, string expected) => Assert.Equal(expected, EventTable.Member(name));

    [Theory]
    [InlineData("-sshs", true)]
    [InlineData("--SSHServerMode", true)]
    [InlineData("sshs", false)]
    [InlineData("-ssh", false)]
    [InlineData("-s", false)]
    [InlineData("-sshsomething", false)]
    public void IsSshServer_follows_the_switch_of_pwsh(string argument, bool expected) => Assert.Equal(expected, RemoteRecord.IsSshServer(argument));
}
