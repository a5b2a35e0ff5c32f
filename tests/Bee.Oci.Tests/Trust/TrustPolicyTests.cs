using System.Text.Json;
using System.Text.RegularExpressions;
using Bee.Oci.Formats;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Tests.Signatures;
using Bee.Oci.Trust;

namespace Bee.Oci.Tests.Trust;

/// <summary>Reads policies.</summary>
public sealed class TrustPolicyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bee-trust-").FullName;

    public TrustPolicyTests()
    {
        using SigningKey key = TestKeys.Signing();
        Directory.CreateDirectory(In("keys"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Write("keys/me.pub", TestKeys.Public(key));
    }

    [Fact]
    public void The_first_rule_that_fits_decides()
    {
        TrustPolicy policy = Read("""
            { "default": "deny", "rules": [
              { "reference": "ghcr.io/me/open", "action": "allow" },
              { "reference": "ghcr.io/me/*", "keys": [ "keys/me.pub" ] },
              { "reference": "ghcr.io/me/open", "action": "deny" } ] }
            """)!;
        Assert.False(policy.Default);
        Assert.Equal(TrustAction.Allow, policy.For(ImageReference.Parse("ghcr.io/me/open:v1"))!.Action);
        TrustRule rule = policy.For(ImageReference.Parse("ghcr.io/me/other"))!;
        Assert.Equal((TrustAction.Verify, 3), (rule.Action, rule.Line));
        Assert.Equal(In("keys/me.pub"), Assert.Single(rule.Keys).Name);
        Assert.Null(policy.For(ImageReference.Parse("quay.io/me/open")));
    }

    [Fact]
    public void Without_a_file_no_policy_applies_but_a_named_file_must_exist()
    {
        Assert.Null(TrustPolicy.Read(In("none.json"), Algorithms));
        TrustException e = Assert.Throws<TrustException>(() => TrustPolicy.Load(In("none.json"), Algorithms));
        Assert.Equal(TrustFault.BadPolicy, e.Fault);
        Assert.Contains(In("none.json"), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ }", 1, 1, "'default' is missing")]
    [InlineData("{ \"default\": \"permit\" }", 1, 14, "allow or deny")]
    [InlineData("{ \"default\": \"deny\",\n \"rule\": [] }", 2, 2, "'rule' is unknown")]
    [InlineData("{ \"default\": \"deny\", \"rules\": {} }", 1, 31, "an array")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"keys\": [ \"keys/me.pub\" ] } ] }", 2, 1, "no 'reference'")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"ghcr.io/me/*\" } ] }", 2, 1, "does nothing")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"ghcr.io/me/*\", \"keys\": [] } ] }", 2, 1, "empty")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"ghcr.io/me/*\", \"action\": \"allow\", \"keys\": [ \"keys/me.pub\" ] } ] }", 2, 42, "Remove 'action'")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"ghcr.io/me/*:v1\", \"action\": \"allow\" } ] }", 2, 16, "tag")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"ghcr.io/me/*\", \"keys\": [ \"none.pub\" ] } ] }", 2, 42, "does not exist")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"ghcr.io/me/*\", \"keys\": [ \"policy.json\" ] } ] }", 2, 42, "policy.json")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"ghcr.io/me/*\", \"digests\": [ \"sha256:12\" ] } ] }", 2, 45, "not a digest")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"a.io/*\", \"action\": \"allow\", \"signedAs\": \"b.io/x\" } ] }", 2, 36, "Remove 'action'")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"a.io/*\", \"digests\": [ \"sha256:1111111111111111111111111111111111111111111111111111111111111111\" ], \"signedAs\": \"b.io/x\" } ] }", 2, 128, "requires keys")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"a.io/x\", \"keys\": [ \"keys/me.pub\" ], \"signedAs\": \"b.io/*\" } ] }", 2, 65, "one repository")]
    [InlineData("{ \"default\": \"deny\", \"rules\": [ \n{ \"reference\": \"a.io/*\", \"keys\": [ \"keys/me.pub\" ], \"signedAs\": \"b.io/x:v1\" } ] }", 2, 65, "tag")]
    [InlineData("{ \"default\": \"deny\", \"default\": \"allow\" }", 1, 22, "twice")]
    [InlineData("{ \"default\": \"deny\", }", 1, 22, "trailing comma at the end.")]
    public void Errors_are_reported_with_line_and_column(string text, int line, int column, string says)
    {
        TrustException e = Assert.Throws<TrustException>(() => Read(text));
        Assert.Equal(TrustFault.BadPolicy, e.Fault);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.Equal((In("policy.json"), line, column), (e.Policy, e.Line, e.Column));
        Assert.Contains($"policy.json:{line}:{column}: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("policy.json")]
    [InlineData("keys/me.pub")]
    [InlineData("keys")]
    public void What_others_could_have_written_is_refused(string name)
    {
        const string Text = """{ "default": "deny", "rules": [ { "reference": "ghcr.io/me/*", "keys": [ "keys/me.pub" ] } ] }""";
        Assert.NotNull(Read(Text));
        File.SetUnixFileMode(In(name), File.GetUnixFileMode(In(name)) | UnixFileMode.OtherWrite);
        TrustException e = Assert.Throws<TrustException>(() => TrustPolicy.Read(In("policy.json"), Algorithms));
        Assert.Equal(TrustFault.BadPolicy, e.Fault);
        Assert.Contains($"chmod go-w {In(name)}", e.Message, StringComparison.Ordinal);
    }

    [RootFact]
    public void A_policy_of_somebody_else_is_refused_behind_a_link_too()
    {
        Write("policy.json", """{ "default": "allow" }""");
        Ownership.Give(In("policy.json"), 4242);
        File.CreateSymbolicLink(In("link.json"), In("policy.json"));
        TrustException e = Assert.Throws<TrustException>(() => TrustPolicy.Read(In("link.json"), Algorithms));
        Assert.Contains("User 4242", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("way/policy.json")]
    [InlineData("behind/policy.json")]
    public void A_folder_that_others_can_write_is_refused_in_the_middle_of_links_too(string name)
    {
        const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(In("open"), Closed);
        Directory.CreateDirectory(In("good"), Closed);
        Write("good/policy.json", """{ "default": "allow" }""");
        Directory.CreateDirectory(In("way"), Closed);
        File.CreateSymbolicLink(In("way/policy.json"), "../open/policy.json");
        File.CreateSymbolicLink(In("open/policy.json"), "../good/policy.json");
        Directory.CreateSymbolicLink(In("behind"), "open/inner");
        Directory.CreateDirectory(In("open/inner"), Closed);
        File.Copy(In("good/policy.json"), In("open/inner/policy.json"));
        Assert.NotNull(TrustPolicy.Read(In(name), Algorithms));

        File.SetUnixFileMode(In("open"), Closed | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        TrustException e = Assert.Throws<TrustException>(() => TrustPolicy.Read(In(name), Algorithms));
        Assert.Contains($"chmod go-w {In("open")}", e.Message, StringComparison.Ordinal);
    }

    [RootFact]
    public void A_link_of_somebody_else_is_refused_though_it_leads_to_a_file_of_ours()
    {
        Write("policy.json", """{ "default": "allow" }""");
        File.CreateSymbolicLink(In("link.json"), In("policy.json"));
        Ownership.Give(In("link.json"), 4242);
        TrustException e = Assert.Throws<TrustException>(() => TrustPolicy.Read(In("link.json"), Algorithms));
        Assert.Contains("User 4242", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_link_is_an_error()
    {
        File.CreateSymbolicLink(In("gone.json"), In("not-mounted/policy.json"));
        Directory.CreateSymbolicLink(In("gone"), In("not-mounted"));
        foreach (string name in new[] { "gone.json", "gone/policy.json" })
        {
            TrustException e = Assert.Throws<TrustException>(() => TrustPolicy.Read(In(name), Algorithms));
            Assert.Contains("leads to a file that does not exist", e.Message, StringComparison.Ordinal);
        }

        Assert.Null(TrustPolicy.Read(In("never/there/policy.json"), Algorithms));
    }

    [Fact]
    public void An_unreadable_or_special_file_is_an_error()
    {
        Directory.CreateDirectory(In("folder.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(TrustFault.BadPolicy, Assert.Throws<TrustException>(() => TrustPolicy.Read(In("folder.json"), Algorithms)).Fault);
        File.CreateSymbolicLink(In("circle.json"), In("circle.json"));
        Assert.Equal(TrustFault.BadPolicy, Assert.Throws<TrustException>(() => TrustPolicy.Read(In("circle.json"), Algorithms)).Fault);
    }

    [Fact]
    public void The_page_and_the_schema_match_the_reader()
    {
        string docs = Path.GetFullPath(Path.Combine(ProjectFolder(), "docs"));
        Match sample = Regex.Match(File.ReadAllText(Path.Combine(docs, "verification.md")), "```json\n(.+?)```", RegexOptions.Singleline);
        Write("keys/backup.pub", File.ReadAllText(In("keys/me.pub")));
        TrustPolicy policy = Read(sample.Groups[1].Value)!;
        Assert.Equal([TrustAction.Verify, TrustAction.Verify, TrustAction.Allow], policy.Rules.Select(rule => rule.Action));
        Assert.Equal(2, policy.Rules[1].Keys.Count);

        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(docs, "policy.schema.json")));
        JsonElement properties = schema.RootElement.GetProperty("properties");
        Assert.Equal(TrustPolicyReader.Known, properties.EnumerateObject().Select(property => property.Name));
        JsonElement rule = properties.GetProperty("rules").GetProperty("items").GetProperty("properties");
        Assert.Equal(TrustPolicyReader.KnownInRule, rule.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void Damaged_policies_are_policies_or_an_error()
    {
        byte[] sound = """{ "default": "deny", "rules": [ { "reference": "ghcr.io/me/*", "keys": [ "keys/me.pub" ] } ] }"""u8.ToArray();
        var random = new Random(11);
        int taken = 0;
        for (int i = 0; i < FullRun.Times(quick: 300, full: 3000); i++)
        {
            byte[] damaged = [.. sound];
            for (int j = random.Next(1, 4); j > 0; j--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(In("policy.json"), damaged[..random.Next(damaged.Length / 2, damaged.Length + 1)]);
            try
            {
                taken += TrustPolicy.Read(In("policy.json"), Algorithms) is null ? 0 : 1;
            }
            catch (TrustException e)
            {
                Assert.Equal(TrustFault.BadPolicy, e.Fault);
            }
        }

        Assert.True(taken > 0);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IKeyAlgorithms Algorithms() => TestKeys.Algorithms;

    private static string ProjectFolder()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Bee.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    private string In(string name) => Path.Combine(_folder, name);

    private TrustPolicy? Read(string text)
    {
        Write("policy.json", text);
        return TrustPolicy.Read(In("policy.json"), Algorithms);
    }

    private void Write(string name, string text) => File.WriteAllText(In(name), text);
}
