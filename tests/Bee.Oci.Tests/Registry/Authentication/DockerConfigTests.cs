using System.Net.Sockets;
using Bee.Oci.Registry;
using Bee.Posix;

namespace Bee.Oci.Tests.Registry;

[Collection(nameof(EnvironmentTests))]
public sealed class DockerConfigTests : IDisposable
{
    private static readonly RegistryCredential s_ada = new() { UserName = "ada", Password = "s3cret" };

    private readonly DockerFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ghcr.io", "ghcr.io")]
    [InlineData("https://ghcr.io", "ghcr.io")]
    [InlineData("https://ghcr.io/", "ghcr.io")]
    [InlineData("http://ghcr.io", "ghcr.io")]
    [InlineData("https://ghcr.io/v1/", "ghcr.io")]
    [InlineData("https://ghcr.io/v2/", "ghcr.io")]
    [InlineData("GHCR.IO", "ghcr.io")]
    [InlineData("localhost:5000", "localhost:5000")]
    [InlineData("http://localhost:5000", "localhost:5000")]
    [InlineData("[::1]:5000", "[::1]:5000")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("index.docker.io", "docker.io")]
    [InlineData("docker.io", "docker.io")]
    public async Task A_key_is_found_in_each_of_its_forms(string key, string registry)
    {
        _folder.Write($$"""{"auths":{"other.example":{"auth":"{{DockerFolder.Auth("x", "y")}}"},"{{key}}":{"auth":"{{DockerFolder.Auth("ada", "pa:ss")}}"} } }""");

        RegistryCredential? found = await _folder.Docker.FindAsync(registry);

        Assert.Equal(("ada", "pa:ss"), (found?.UserName, found?.Password));
    }

    [Theory]
    [InlineData("ghcr.io/me")]
    [InlineData("evil-ghcr.io")]
    [InlineData("ghcr.io.evil")]
    [InlineData("ghcr.io:444")]
    [InlineData("https://evil/ghcr.io")]
    [InlineData("https://ghcr.io@evil")]
    public async Task Another_registrys_login_is_not_taken(string key)
    {
        _folder.Write($$"""{"auths":{"{{key}}":{"auth":"{{DockerFolder.Auth("ada", "pass")}}"} } }""");

        Assert.Null(await _folder.Docker.FindAsync("ghcr.io"));
    }

    [Fact]
    public async Task A_special_file_is_not_replaced()
    {
        Directory.CreateDirectory(_folder.Folder);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder.Config));

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => _folder.Docker.StoreAsync("ghcr.io", s_ada, CancellationToken.None));

        Assert.Equal(RegistryFault.Login, error.Fault);
        Assert.Equal([_folder.Config], Directory.GetFiles(_folder.Folder));
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Listen();
        await client.ConnectAsync(new UnixDomainSocketEndPoint(_folder.Config));
    }

    [Fact]
    public async Task The_nearest_key_is_taken()
    {
        _folder.Write($$"""{"auths":{"http://ghcr.io":{"auth":"{{DockerFolder.Auth("c", "c")}}"},"https://ghcr.io":{"auth":"{{DockerFolder.Auth("b", "b")}}"},"ghcr.io":{"auth":"{{DockerFolder.Auth("a", "a")}}"} } }""");

        Assert.Equal("a", (await _folder.Docker.FindAsync("ghcr.io"))!.UserName);
    }

    [Fact]
    public async Task Tokens_are_read()
    {
        _folder.Write($$"""{"auths":{"a.example":{"auth":"{{DockerFolder.Auth("ada", "")}}","identitytoken":"refresh"},"b.example":{"registrytoken":"access"},"c.example":{"username":"u","password":"p"},"d.example":{} } }""");

        Assert.Equal("refresh", (await _folder.Docker.FindAsync("a.example"))!.IdentityToken);
        Assert.Null((await _folder.Docker.FindAsync("a.example"))!.Password);
        Assert.Equal("access", (await _folder.Docker.FindAsync("b.example"))!.AccessToken);
        Assert.Equal("p", (await _folder.Docker.FindAsync("c.example"))!.Password);
        Assert.Null(await _folder.Docker.FindAsync("d.example"));
    }

    [Fact]
    public async Task The_named_file_precedes_the_others()
    {
        _folder.Write($$"""{"auths":{"ghcr.io":{"auth":"{{DockerFolder.Auth("wrong", "x")}}"} } }""");
        string named = Path.Combine(_folder.Folder, "auth.json");
        File.WriteAllText(named, $$"""{"auths":{"ghcr.io":{"auth":"{{DockerFolder.Auth("right", "x")}}"} } }""");
        _folder.Set("REGISTRY_AUTH_FILE", named);

        Assert.Equal("right", (await _folder.Docker.FindAsync("ghcr.io"))!.UserName);
    }

    [Fact]
    public async Task Logins_of_podman_are_read_behind_dockers_own()
    {
        string home = Path.Combine(_folder.Folder, "home");
        string runtime = Path.Combine(_folder.Folder, "run", "containers");
        string settings = Path.Combine(home, ".config", "containers");
        Directory.CreateDirectory(runtime);
        Directory.CreateDirectory(settings);
        static string Login(string user) => $$"""{ "auths": { "podman.example": { "auth": "{{DockerFolder.Auth(user, "x")}}" } } }""";
        await File.WriteAllTextAsync(Path.Combine(settings, "auth.json"), Login("kept"));
        _folder.Set("HOME", home);
        _folder.Set("XDG_CONFIG_HOME", null);
        _folder.Set("XDG_RUNTIME_DIR", Path.Combine(_folder.Folder, "run"));
        _folder.Set("REGISTRY_AUTH_FILE", null);
        Assert.Null(await _folder.Docker.FindAsync("podman.example"));

        _folder.Set("DOCKER_CONFIG", null);
        Assert.Equal("kept", (await _folder.Docker.FindAsync("podman.example"))?.UserName);
        await File.WriteAllTextAsync(Path.Combine(runtime, "auth.json"), Login("session"));
        Assert.Equal("session", (await _folder.Docker.FindAsync("podman.example"))?.UserName);
        Directory.CreateDirectory(Path.Combine(home, ".docker"));
        await File.WriteAllTextAsync(Path.Combine(home, ".docker", "config.json"), Login("docker"));
        Assert.Equal("docker", (await _folder.Docker.FindAsync("podman.example"))?.UserName);
    }

    [Theory]
    [InlineData("team/tools/open", "repository")]
    [InlineData("team/tools/other", "namespace")]
    [InlineData("team/tools", "namespace")]
    [InlineData("team/toolsmith", "team")]
    [InlineData("teams/open", "host")]
    [InlineData("TEAM/open", "host")]
    [InlineData(null, "host")]
    public async Task The_most_specific_key_of_a_repository_is_taken(string? repository, string user)
    {
        static string Entry(string key, string user) => $$"""
            "{{key}}":{"auth":"{{DockerFolder.Auth(user, "x")}}"}
            """;
        _folder.Write($$"""{"auths":{{{Entry("a.example", "host")}},{{Entry("a.example/team", "team")}},{{Entry("a.example/team/tools/open", "repository")}},{{Entry("a.example/team/tools", "namespace")}},"a.example/team/tools/other":{} } }""");

        Assert.Equal(user, (await _folder.Docker.FindAsync("a.example", repository))?.UserName);
        Assert.Null(await _folder.Docker.FindAsync("b.example", repository));
        Assert.Equal(["a.example"], _folder.Docker.Registries());
    }

    [Fact]
    public async Task A_key_with_a_path_precedes_the_hosts_credential_helper()
    {
        _folder.Write($$"""{"credsStore":"chest","auths":{"docker.io/team":{"auth":"{{DockerFolder.Auth("team", "x")}}"} } }""");
        _folder.Helper("chest", """echo '{"Username":"host","Secret":"x"}'""");
        var docker = _folder.Docker;

        Assert.Equal("team", (await docker.FindAsync("docker.io", "team/open"))?.UserName);
        Assert.Equal("", _folder.Calls);
        Assert.Equal("host", (await docker.FindAsync("docker.io", "other/open"))?.UserName);
        Assert.Equal("host", (await docker.FindAsync("docker.io", "other/exec"))?.UserName);
        Assert.Equal("get https://index.docker.io/v1/\n", _folder.Calls);
    }

    [Fact]
    public async Task Without_variables_it_is_in_the_home_directory()
    {
        _folder.Set("DOCKER_CONFIG", null);
        _folder.Set("HOME", _folder.Folder);

        Assert.Equal(Path.Combine(_folder.Folder, ".docker", "config.json"), _folder.Docker.Path);
        Assert.Null(await _folder.Docker.FindAsync("ghcr.io"));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("\"s3cret\"")]
    [InlineData("{\"auths\":\"s3cret\"}")]
    [InlineData("{\"auths\":{},\"auths\":{}}")]
    [InlineData("{\"auths\":{\"ghcr.io\":{\"auth\":\"s3cret!\"}}}")]
    [InlineData("{\"auths\":{\"ghcr.io\":{\"auth\":\"czNjcmV0\"}}}")]
    [InlineData("{\"auths\":{\"ghcr.io\":\"s3cret\"}}")]
    [InlineData("{\"auths\":{\"ghcr.io\":{},\"ghcr.io\":{}}}")]
    [InlineData("{\"credHelpers\":[]}")]
    [InlineData("{\"credsStore\":\"../../s3cret\"}")]
    public async Task A_damaged_file_is_an_error_that_repeats_nothing(string json)
    {
        _folder.Write(json);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => _folder.Docker.FindAsync("ghcr.io"));

        Assert.Equal(RegistryFault.Login, error.Fault);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("czNjcmV0", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("{}")]
    [InlineData("{\"auths\":null}")]
    [InlineData("{\"auths\":{\"ghcr.io\":null}}")]
    [InlineData("{\"auths\":{\"other.example\":{\"auth\":\"damaged\"}}}")]
    [InlineData("{\"credsStore\":\"\"}")]
    public async Task A_file_without_the_login_is_valid(string json)
    {
        _folder.Write(json);

        Assert.Null(await _folder.Docker.FindAsync("ghcr.io"));
    }

    [Fact]
    public async Task A_stored_login_is_found_again_and_only_its_owner_can_read_it()
    {
        Assert.Equal(_folder.Config, await _folder.Docker.StoreAsync("ghcr.io", s_ada));

        Assert.Equal("s3cret", (await _folder.Docker.FindAsync("ghcr.io"))!.Password);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Config));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Folder));
        Assert.Equal([_folder.Config], Directory.GetFileSystemEntries(_folder.Folder));
    }

    [Fact]
    public async Task What_else_is_in_the_file_stays()
    {
        _folder.Write($$"""
            {
              "credHelpers": { "gcr.io": "gcloud" },
              "auths": { "a.example": { "auth": "{{DockerFolder.Auth("a", "ü")}}", "email": "a@b" }, "https://ghcr.io": { "auth": "old" } },
              "HttpHeaders": { "User-Agent": "x+<y>" },
              "psFormat": "table {{"{{.ID}}"}}",
              "big": 12345678901234567890123
            }
            """);
        File.SetUnixFileMode(_folder.Config, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        await _folder.Docker.StoreAsync("ghcr.io", s_ada);

        Assert.Equal(["credHelpers", "auths", "HttpHeaders", "psFormat", "big"], _folder.Json.Select(entry => entry.Key));
        Assert.Equal(["a.example", "ghcr.io"], _folder.Json["auths"]!.AsObject().Select(entry => entry.Key));
        Assert.Equal("a@b", (string?)_folder.Json["auths"]!["a.example"]!["email"]);
        Assert.Equal("12345678901234567890123", _folder.Json["big"]!.ToJsonString());
        Assert.Equal("x+<y>", (string?)_folder.Json["HttpHeaders"]!["User-Agent"]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Config));
    }

    [Fact]
    public async Task A_damaged_file_is_not_replaced()
    {
        _folder.Write("{ damaged");

        await Assert.ThrowsAsync<RegistryException>(() => _folder.Docker.StoreAsync("ghcr.io", s_ada));
        await Assert.ThrowsAsync<RegistryException>(() => _folder.Docker.EraseAsync("ghcr.io"));

        Assert.Equal("{ damaged", File.ReadAllText(_folder.Config));
    }

    [Fact]
    public async Task A_link_stays_a_link()
    {
        string real = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.Folder, "real")).FullName, "logins.json");
        File.CreateSymbolicLink(_folder.Config, real);

        await _folder.Docker.StoreAsync("ghcr.io", s_ada);
        await _folder.Docker.StoreAsync("other.example", s_ada);

        Assert.Equal(real, new FileInfo(_folder.Config).LinkTarget);
        Assert.Equal("s3cret", (await _folder.Docker.FindAsync("ghcr.io"))!.Password);
        Assert.Equal("s3cret", (await _folder.Docker.FindAsync("other.example"))!.Password);
    }

    [RootFact]
    public async Task Root_leaves_the_file_to_its_owner()
    {
        const uint Owner = 12345;
        _folder.Write("{}");
        Ownership.Give(_folder.Folder, Owner);
        await _folder.Docker.StoreAsync("ghcr.io", s_ada);
        Assert.Equal(Owner, User(_folder.Config));

        File.Delete(_folder.Config);
        await _folder.Docker.StoreAsync("ghcr.io", s_ada);
        Assert.Equal(Owner, User(_folder.Config));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Config));
    }

    [Fact]
    public async Task Concurrent_writers_lose_no_login()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => _folder.Docker.StoreAsync($"r{i}.example", s_ada))));

        Assert.Equal(20, _folder.Docker.Registries().Count);
    }

    [Fact]
    public async Task The_login_of_Docker_Hub_is_stored_where_Docker_looks()
    {
        await _folder.Docker.StoreAsync("docker.io", s_ada);

        Assert.Equal(["https://index.docker.io/v1/"], _folder.Json["auths"]!.AsObject().Select(entry => entry.Key));
        Assert.Equal(["docker.io"], _folder.Docker.Registries());
    }

    [Fact]
    public async Task A_forgotten_login_is_gone_in_each_of_its_forms()
    {
        _folder.Write($$"""{"auths":{"https://ghcr.io/v2/":{"auth":"{{DockerFolder.Auth("b", "b")}}"},"ghcr.io":{},"other.example":{} },"x":1}""");

        Assert.True(await _folder.Docker.EraseAsync("ghcr.io"));
        Assert.False(await _folder.Docker.EraseAsync("ghcr.io"));
        Assert.Equal(["other.example"], _folder.Json["auths"]!.AsObject().Select(entry => entry.Key));
        Assert.Equal(1, (int?)_folder.Json["x"]);
    }

    [Fact]
    public async Task Removing_a_login_without_a_file_creates_no_file()
    {
        Assert.False(await _folder.Docker.EraseAsync("ghcr.io"));
        Assert.False(Directory.Exists(_folder.Folder));
    }

    private static uint User(string path) => FileStatus.Of(path)!.Value.User;
}
