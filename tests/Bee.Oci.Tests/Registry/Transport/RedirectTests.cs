using System.Text;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class RedirectTests
{
    private const string Basic = "Basic realm=\"tests\"";

    private static readonly RegistryOptions s_ada = Wire.Quick with { Credentials = OneCredential.Password() };

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Credentials_stay_behind_when_the_registry_sends_elsewhere(int status)
    {
        using var storage = new Wire(_ => Wire.Ok("the blob"));
        using var registry = new Wire(request => request.Header("Authorization") is null ? Wire.Unauthorized(Basic) : Wire.To(status, new Uri(storage.Address, "blob?sig=x")));

        Assert.Equal((200, "the blob"), await registry.GetAsync(s_ada));
        Assert.Equal([null], storage.Authorizations);
        Assert.Equal(2, registry.Requests.Count);
    }

    [Fact]
    public async Task They_do_not_come_again_on_the_way_back()
    {
        Uri back = new("http://127.0.0.1/");
        using var between = new Wire(_ => Wire.To(307, back));
        using var start = new Wire(request =>
            request.Path == "/back" ? Wire.Ok("back")
            : request.Header("Authorization") is null ? Wire.Unauthorized(Basic)
            : Wire.To(307, between.Address));
        back = new Uri(start.Address, "back");

        (int status, string body) = await start.GetAsync(s_ada);

        Assert.Equal((200, "back"), (status, body));
        Assert.Equal([null], between.Authorizations);
        Assert.Null(start.Requests.Last().Header("Authorization"));
    }

    [Fact]
    public async Task Another_challenge_elsewhere_is_not_answered()
    {
        using var other = new Wire(_ => Wire.Unauthorized(Basic));
        using var registry = new Wire(_ => Wire.To(307, other.Address));
        var source = OneCredential.Password();

        (int status, _) = await registry.GetAsync(Wire.Quick with { Credentials = source });

        Assert.Equal(401, status);
        Assert.Equal(0, source.Asked);
        Assert.Equal([null], other.Authorizations);
    }

    [Fact]
    public async Task An_absolute_address_at_another_host_gets_no_credentials()
    {
        using var other = new Wire(_ => Wire.Ok("there"));
        using var registry = new Wire(request => request.Header("Authorization") is null ? Wire.Unauthorized(Basic) : Wire.Ok("here"));
        using RegistryTransport transport = registry.Transport(s_ada);

        Assert.Equal((200, "here"), await Wire.GetAsync(transport));
        Assert.Equal((200, "there"), await Wire.GetAsync(transport, other.Address + "upload/1?state=x"));
        Assert.Equal([null], other.Authorizations);
    }

    [Fact]
    public async Task They_go_along_within_the_registry()
    {
        using var registry = new Wire(request =>
            request.Header("Authorization") is null ? Wire.Unauthorized(Basic)
            : request.Path == "/v2/" ? new HttpAnswer(307).With("Location", "/v2/there")
            : Wire.Ok("there"));

        Assert.Equal((200, "there"), await registry.GetAsync(s_ada));
    }

    [Theory]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirected_upload_is_sent_completely(int status)
    {
        byte[] received = [];
        using var storage = new Wire(async request =>
        {
            received = await request.ReadBodyAsync();
            await request.SendAsync(new HttpAnswer(201));
        });
        using var registry = new Wire(_ => Wire.To(status, storage.Address));

        Assert.Equal(201, await registry.PutAsync("some bytes"u8.ToArray()));
        Assert.Equal("some bytes", Encoding.UTF8.GetString(received));
        Assert.Equal("PUT", storage.Requests.Single().Method);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    public async Task An_upload_does_not_become_a_download(int status)
    {
        using var registry = new Wire(_ => Wire.To(status, new Uri("http://127.0.0.1:1/")));

        await Fails(RegistryFault.BadAnswer, () => registry.PutAsync([1]));
    }

    [Fact]
    public async Task A_redirect_from_TLS_to_plain_HTTP_is_not_followed()
    {
        using var authority = new TestAuthority();
        using var plain = new Wire(_ => Wire.Ok("not safe"));
        using var registry = new Wire(_ => Wire.To(307, plain.Address), authority);

        await Fails(RegistryFault.Unsafe, () => registry.GetAsync(Wire.Quick with { CACertificate = authority.Certificate }));
        Assert.Empty(plain.Requests);
    }

    [Fact]
    public async Task Plain_HTTP_to_another_machine_takes_the_option()
    {
        using var registry = new Wire(_ => Wire.To(307, new Uri("http://registry.invalid/")));

        await Fails(RegistryFault.PlainHttp, () => registry.GetAsync());
    }

    [Fact]
    public async Task A_loop_ends()
    {
        using var registry = new Wire(request => new HttpAnswer(307).With("Location", request.Target + "x"));

        await Fails(RegistryFault.Unsafe, () => registry.GetAsync());
        Assert.Equal(11, registry.Requests.Count);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("http://")]
    public async Task An_invalid_redirect_is_a_bad_answer(string? location)
    {
        using var registry = new Wire(_ => new HttpAnswer(302).With("Location", location));

        await Fails(RegistryFault.BadAnswer, () => registry.GetAsync());
    }

    private static async Task Fails(RegistryFault fault, Func<Task> work) =>
        Assert.Equal(fault, (await Assert.ThrowsAsync<RegistryException>(work)).Fault);
}
