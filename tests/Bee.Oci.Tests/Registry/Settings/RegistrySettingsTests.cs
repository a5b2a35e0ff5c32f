using Bee.Oci.Formats;
using Bee.Oci.Registry.Settings;

namespace Bee.Oci.Tests.Registry.Settings;

/// <summary>Tests settings files. They set environment variables of the process, so no other test runs at the same time.</summary>
[Collection(nameof(EnvironmentTests))]
public sealed class RegistrySettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bee-settings-").FullName;
    private readonly (string Name, string? Value)[] _before = [.. new[] { "BEE_REGISTRY", "XDG_CONFIG_HOME" }.Select(name => (name, Environment.GetEnvironmentVariable(name)))];

    public RegistrySettingsTests()
    {
        Environment.SetEnvironmentVariable("BEE_REGISTRY", null);
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _folder);
    }

    [Fact]
    public void Without_a_file_nothing_is_added()
    {
        Assert.Equal("opensnoop:v1", RegistrySettings.Load().Complete(ImageReference.Parse("opensnoop:v1")).ToString());
        Assert.Null(RegistrySettings.Read(Path.Combine(_folder, "none.json")));
    }

    [Fact]
    public void The_users_file_and_then_the_variable_give_the_default()
    {
        WriteUsers("""{ "default": "ghcr.io/me/" }""");
        Assert.Equal("ghcr.io/me/opensnoop:v1", Completed("opensnoop:v1"));
        Assert.Equal("ghcr.io/me/tools/opensnoop", Completed("tools/opensnoop"));
        Assert.Equal("quay.io/x/opensnoop:v1", Completed("quay.io/x/opensnoop:v1"));

        Environment.SetEnvironmentVariable("BEE_REGISTRY", "[::1]:5000");
        Assert.Equal("[::1]:5000/opensnoop:v1", Completed("opensnoop:v1"));
        string digest = "sha256:" + new string('a', 64);
        Assert.Equal($"[::1]:5000/opensnoop:v1@{digest}", Completed($"opensnoop:v1@{digest}"));
    }

    [Fact]
    public void Mirrors_and_the_ways_to_speak_are_by_host()
    {
        WriteUsers("""
            { "$schema": "x", "registries": { "ghcr.io": { "mirrors": [ "localhost:5000/ghcr", "mirror.example" ], "caCertificate": "ca.pem" }, "lan.example:80": { "plainHttp": true } } }
            """);
        var settings = RegistrySettings.Load();
        Assert.Equal(["localhost:5000/ghcr", "mirror.example"], settings.Registries["GHCR.io"].Mirrors);
        Assert.Equal(Path.Combine(_folder, "bee", "ca.pem"), settings.Registries["ghcr.io"].CACertificate);
        Assert.True(settings.Registries["lan.example:80"].PlainHttp);
        Assert.False(settings.Registries["ghcr.io"].PlainHttp);
    }

    [Theory]
    [InlineData("{ \"default\": \"ghcr.io\",\n  \"defualt\": 1 }", 2, 3, "'defualt' is unknown")]
    [InlineData("{ \"default\": \"me/tools\" }", 1, 14, "does not name a registry")]
    [InlineData("{ \"default\": 7 }", 1, 14, "text in quotes")]
    [InlineData("{ \"default\": \"\" }", 1, 14, "empty")]
    [InlineData("{ \"default\": \"ghcr.io\", \"default\": \"quay.io\" }", 1, 25, "twice")]
    [InlineData("{\n\"registries\": { \"ghcr.io\": { \"mirror\": [] } } }", 2, 30, "Known names: mirrors")]
    [InlineData("{ \"registries\": { \"ghcr.io/me\": { } } }", 1, 19, "not a registry's host")]
    [InlineData("{ \"registries\": { \"ghcr.io\": { \"mirrors\": [ \"ghcr.io:99999\" ] } } }", 1, 45, "port")]
    [InlineData("{ \"registries\": { \"ghcr.io\": { \"mirrors\": \"x.y\" } } }", 1, 43, "an array")]
    [InlineData("{ \"registries\": { \"ghcr.io\": { \"plainHttp\": \"yes\" } } }", 1, 45, "true or false")]
    [InlineData("{ \"default\": \"ghcr.io\" ", 1, 24, "not valid JSON")]
    [InlineData("{ }\n}", 2, 1, "not valid JSON")]
    [InlineData("// words\n{ }", 1, 1, "not valid JSON")]
    [InlineData("[]", 1, 1, "an object")]
    [InlineData("", 1, 1, "the file is empty")]
    public void Errors_are_reported_with_line_and_column(string text, int line, int column, string says)
    {
        string file = WriteUsers(text);
        SettingsException e = Assert.Throws<SettingsException>(RegistrySettings.Load);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.Equal((file, line, column), (e.Path, e.Line, e.Column));
        Assert.StartsWith($"{file}:{line}:{column}: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("me/tools")]
    [InlineData("https://ghcr.io")]
    [InlineData("GHCR.io/Me")]
    public void An_invalid_variable_is_reported(string text)
    {
        Environment.SetEnvironmentVariable("BEE_REGISTRY", text);
        SettingsException e = Assert.Throws<SettingsException>(RegistrySettings.Load);
        Assert.Equal("BEE_REGISTRY", e.Path);
    }

    [Theory]
    [InlineData("""{ "default": "https://ada:s3cret@ghcr.io" }""")]
    [InlineData("""{ "registries": { "ghcr.io": { "mirrors": [ "ada:s3cret@mirror.lan/ghcr" ] } } }""")]
    [InlineData("""{ "registries": { "ada:s3cret@ghcr.io": { } } }""")]
    public void A_login_in_the_settings_is_rejected_and_redacted(string text)
    {
        WriteUsers(text);
        SettingsException e = Assert.Throws<SettingsException>(RegistrySettings.Load);
        Assert.Contains("(login)", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_writable_by_others_are_rejected_and_a_pipe_does_not_block()
    {
        string file = WriteUsers("""{ "default": "ghcr.io/me" }""");
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.OtherWrite);
        Assert.Contains($"chmod go-w {file}", Assert.Throws<SettingsException>(RegistrySettings.Load).Message, StringComparison.Ordinal);
        File.Delete(file);
        Ownership.MakePipe(file);
        Assert.Contains("not a regular file", Assert.Throws<SettingsException>(RegistrySettings.Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_settings_are_settings_or_an_error()
    {
        byte[] sound = """{ "default": "ghcr.io", "registries": { "ghcr.io": { "mirrors": [ "localhost:5000" ], "plainHttp": true } } }"""u8.ToArray();
        string file = Path.Combine(_folder, "damaged.json");
        var random = new Random(7);
        for (int i = 0; i < FullRun.Times(quick: 300, full: 3000); i++)
        {
            byte[] damaged = [.. sound];
            for (int j = random.Next(1, 4); j > 0; j--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(file, damaged[..random.Next(damaged.Length + 1)]);
            try
            {
                RegistrySettings.Read(file);
            }
            catch (SettingsException)
            {
            }
        }
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Completed(string reference) => RegistrySettings.Load().Complete(ImageReference.Parse(reference)).ToString();

    private static string WriteUsers(string text)
    {
        string file = RegistrySettings.UserPath;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
