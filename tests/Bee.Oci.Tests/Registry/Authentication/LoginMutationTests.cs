using System.Text;
using Bee.Mutation;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;
using Xunit.Abstractions;

namespace Bee.Oci.Tests.Registry;

/// <summary>Mutates logins and tokens 100,000 times. Each one is usable, or rejected with a <see cref="RegistryException"/> that does not contain the secret.</summary>
public sealed class LoginMutationTests(ITestOutputHelper output)
{
    [Fact]
    public void Logins_are_read_or_refused()
    {
        string json = $$"""{"auths":{"https://ghcr.io/v2/":{"auth":"{{DockerFolder.Auth("ada", "pässword")}}","identitytoken":"id"},"docker.io":{"username":"u","password":"p"} },"credsStore":"x","credHelpers":{"ghcr.io":"y"} }""";
        Run("config.json", json, bytes =>
        {
            var file = DockerConfigFile.Parse("config.json", bytes);
            _ = DockerConfig.Find(file, "ghcr.io", "config.json")?.ToString();
            _ = DockerConfig.Find(file, "docker.io", "config.json")?.ToString();
            _ = DockerConfigFile.Text(file.Root["credsStore"]);
            _ = file.Section("credHelpers")?.Select(entry => DockerConfigFile.Text(entry.Value)).Count();
        });
    }

    [Fact]
    public void Tokens_are_read_or_refused() =>
        Run("tokens", """{"token":"abc.def","access_token":"ghi","expires_in":300,"issued_at":"2026-01-01T00:00:00Z"}""", bytes =>
            Assert.True(BasicHeader.IsHeaderText(TokenService.Read(bytes, new Uri("https://tokens.example/")).Value)));

    private void Run(string name, string document, Action<byte[]> read) =>
        new ReaderRun(name, TextMutator.Json([Encoding.UTF8.GetBytes(document)]).Make, (bytes, _) => read(bytes), fault => fault is RegistryException).Execute(output.WriteLine);
}
