using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;

namespace Bee.Oci.Tests.Registry;

[Collection(nameof(EnvironmentTests))]
public sealed class CredentialHelperTests : IDisposable
{
    private const string NotFound = "echo 'credentials not found in native keychain'; exit 1";

    private static readonly RegistryCredential s_ada = new() { UserName = "ada", Password = "s3c\"ret" };

    private readonly DockerFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_helper_returns_the_login()
    {
        _folder.Write("""{"credsStore":"chest"}""");
        _folder.Helper("chest", """echo '{"ServerURL":"ghcr.io","Username":"ada","Secret":"s3cret"}'""");

        RegistryCredential? found = await _folder.Docker.FindAsync("ghcr.io");

        Assert.Equal(("ada", "s3cret"), (found?.UserName, found?.Password));
        Assert.Equal("get ghcr.io\n", _folder.Calls);
    }

    [Fact]
    public async Task The_user_name_of_an_identity_token_marks_it_as_a_token()
    {
        _folder.Write("""{"credHelpers":{"https://ghcr.io":"chest"}}""");
        _folder.Helper("chest", """echo '{"ServerURL":"ghcr.io","Username":"<token>","Secret":"refresh"}'""");

        RegistryCredential? found = await _folder.Docker.FindAsync("ghcr.io");

        Assert.Equal((null, "refresh"), (found?.Password, found?.IdentityToken));
    }

    [Fact]
    public async Task The_registrys_own_helper_precedes_the_general_one()
    {
        _folder.Write("""{"credsStore":"general","credHelpers":{"ghcr.io":"own"}}""");
        _folder.Helper("own", """echo '{"Username":"own","Secret":"x"}'""");
        _folder.Helper("general", """echo '{"Username":"general","Secret":"x"}'""");

        Assert.Equal("own", (await _folder.Docker.FindAsync("ghcr.io"))!.UserName);
        Assert.Equal("general", (await _folder.Docker.FindAsync("other.example"))!.UserName);
    }

    [Fact]
    public async Task Without_a_login_in_the_helper_the_file_is_read()
    {
        _folder.Write($$"""{"credsStore":"chest","auths":{"ghcr.io":{"auth":"{{DockerFolder.Auth("file", "x")}}"} } }""");
        _folder.Helper("chest", NotFound);

        Assert.Equal("file", (await _folder.Docker.FindAsync("ghcr.io"))!.UserName);
        Assert.Equal("get ghcr.io\nget https://ghcr.io\n", _folder.Calls);
    }

    [Fact]
    public async Task Docker_hub_is_asked_for_by_its_key()
    {
        _folder.Write("""{"credsStore":"chest"}""");
        _folder.Helper("chest", NotFound);

        Assert.Null(await _folder.Docker.FindAsync("docker.io"));
        Assert.Equal("get https://index.docker.io/v1/\n", _folder.Calls);
    }

    [Fact]
    public async Task A_missing_helper_is_a_warning_and_the_file_is_used()
    {
        _folder.Write($$"""{"credsStore":"nowhere","auths":{"ghcr.io":{"auth":"{{DockerFolder.Auth("file", "x")}}"} } }""");
        var docker = _folder.Docker;

        Assert.Equal("file", (await docker.FindAsync("ghcr.io"))!.UserName);
        await docker.StoreAsync("other.example", s_ada);
        Assert.True(await docker.EraseAsync("ghcr.io"));

        RegistryNote note = Assert.Single(_folder.Notes);
        Assert.True(note.IsWarning);
        Assert.Contains("docker-credential-nowhere", note.Text, StringComparison.Ordinal);
        Assert.Equal(["other.example"], docker.Registries());
    }

    [Fact]
    public async Task An_invalid_helper_name_is_a_warning_and_the_file_is_used()
    {
        _folder.Write($$"""{"credsStore":7,"auths":{"ghcr.io":{"auth":"{{DockerFolder.Auth("file", "x")}}"} } }""");
        var docker = _folder.Docker;

        Assert.Equal("file", (await docker.FindAsync("ghcr.io"))!.UserName);
        Assert.Equal("file", (await docker.FindAsync("ghcr.io"))!.UserName);

        Assert.Contains("names an invalid credential helper", Assert.Single(_folder.Notes).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 's3cret is locked'; echo 's3cret' >&2; exit 3")]
    [InlineData("echo 's3cret'")]
    [InlineData("echo '[\"s3cret\"]'")]
    [InlineData("kill -9 $$")]
    [InlineData("head -c 3000000 /dev/zero")]
    public async Task A_helper_that_fails_is_an_error_without_its_words(string script)
    {
        _folder.Write("""{"credsStore":"chest"}""");
        _folder.Helper("chest", script);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => _folder.Docker.FindAsync("ghcr.io"));

        Assert.Equal(RegistryFault.Login, error.Fault);
        Assert.Contains("docker-credential-chest", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_keeps_the_login_and_the_file_does_not()
    {
        _folder.Write($$"""{"credsStore":"chest","auths":{"https://ghcr.io":{"auth":"{{DockerFolder.Auth("ada", "before")}}"} } }""");
        _folder.Helper("chest", "exit 0");

        Assert.Equal("docker-credential-chest", await _folder.Docker.StoreAsync("ghcr.io", s_ada));

        Assert.Equal("store {\"ServerURL\":\"ghcr.io\",\"Username\":\"ada\",\"Secret\":\"s3c\\u0022ret\"}\n", _folder.Calls);
        Assert.Equal("""{"ghcr.io":{}}""", _folder.Json["auths"]!.ToJsonString());
    }

    [Fact]
    public async Task An_identity_token_is_stored_as_Docker_does()
    {
        _folder.Write("""{"credsStore":"chest"}""");
        _folder.Helper("chest", "exit 0");

        await _folder.Docker.StoreAsync("ghcr.io", new RegistryCredential { IdentityToken = "refresh" });

        Assert.Contains("\"Username\":\"\\u003Ctoken\\u003E\",\"Secret\":\"refresh\"", _folder.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_it_keeps_nothing_the_file_stays()
    {
        string before = """{"credsStore":"chest"}""";
        _folder.Write(before);
        _folder.Helper("chest", "echo \"no: $input\"; exit 1");

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => _folder.Docker.StoreAsync("ghcr.io", s_ada));

        Assert.DoesNotContain("s3c", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(_folder.Config));
    }

    [Fact]
    public async Task It_forgets()
    {
        _folder.Write("""{"credsStore":"chest","auths":{"ghcr.io":{}}}""");
        _folder.Helper("chest", """[ "$1" != get ] || echo '{"Username":"ada","Secret":"x"}'""");

        Assert.True(await _folder.Docker.EraseAsync("ghcr.io"));
        Assert.Contains("erase ghcr.io\n", _folder.Calls, StringComparison.Ordinal);
        Assert.Equal("{}", _folder.Json["auths"]!.ToJsonString());
    }

    [Fact]
    public async Task A_helper_that_hangs_is_reported_and_ends_at_its_timeout()
    {
        _folder.Write("""{"credsStore":"chest"}""");
        _folder.Helper("chest", "sleep 100");
        var docker = DockerConfig.Load(_folder.Notes.Add, TimeSpan.FromSeconds(2.5));

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => docker.FindAsync("ghcr.io"));

        Assert.Equal(RegistryFault.Login, error.Fault);
        Assert.Contains("within 2.5 s", error.Message, StringComparison.Ordinal);
        RegistryNote note = Assert.Single(_folder.Notes);
        Assert.True(note.IsWarning);
        Assert.Contains("Waiting for docker-credential-chest", note.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_a_helper_that_hangs()
    {
        _folder.Write("""{"credsStore":"chest"}""");
        _folder.Helper("chest", "exec sleep 100");
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _folder.Docker.FindAsync("ghcr.io", cancellationToken: cancel.Token));
    }
}
