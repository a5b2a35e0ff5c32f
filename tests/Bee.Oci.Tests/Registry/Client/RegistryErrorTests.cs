using System.Net;
using System.Text;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>The messages for a registry's errors, in all forms that registries use.</summary>
public sealed class RegistryErrorTests
{
    [Theory]
    [InlineData(401, "UNAUTHORIZED", RegistryFault.Unauthorized)]
    [InlineData(401, "DENIED", RegistryFault.Unauthorized)]
    [InlineData(403, "DENIED", RegistryFault.Denied)]
    [InlineData(403, "UNAUTHORIZED", RegistryFault.Denied)]
    [InlineData(404, "MANIFEST_UNKNOWN", RegistryFault.NotFound)]
    [InlineData(404, "NAME_UNKNOWN", RegistryFault.NotFound)]
    [InlineData(400, "NAME_INVALID", RegistryFault.BadName)]
    [InlineData(400, "TAG_INVALID", RegistryFault.BadName)]
    [InlineData(400, "MANIFEST_INVALID", RegistryFault.Refused)]
    [InlineData(413, null, RegistryFault.Refused)]
    [InlineData(405, "UNSUPPORTED", RegistryFault.Unsupported)]
    [InlineData(429, "TOOMANYREQUESTS", RegistryFault.TooManyRequests)]
    [InlineData(503, null, RegistryFault.ServerError)]
    [InlineData(500, "UNKNOWN", RegistryFault.ServerError)]
    [InlineData(304, null, RegistryFault.BadAnswer)]
    [InlineData(418, null, RegistryFault.Refused)]
    public void The_code_decides_or_else_the_status(int status, string? code, RegistryFault fault)
    {
        RegistryException error = Make(status, code is null ? "" : $$"""{"errors":[{"code":"{{code}}","message":"so it is"}]}""");
        Assert.Equal((fault, code, status), (error.Fault, error.Code, error.Status));
        Assert.StartsWith("Cannot push to ghcr.io/me/x: ", error.Message);
        Assert.EndsWith(code is null ? $" (HTTP {status})." : $"so it is ({code}, HTTP {status}).", error.Message);
    }

    [Theory]
    [InlineData(401, "UNAUTHORIZED", "Log in to ghcr.io")]
    [InlineData(403, "DENIED", "access")]
    [InlineData(404, "MANIFEST_UNKNOWN", "tag or digest")]
    [InlineData(404, "NAME_UNKNOWN", "name")]
    [InlineData(400, "NAME_INVALID", "lower-case")]
    [InlineData(429, "TOOMANYREQUESTS", "Wait")]
    public void What_to_do_is_said(int status, string code, string words) =>
        Assert.Contains(words, Make(status, $$"""{"errors":[{"code":"{{code}}"}]}""").Remedy);

    [Fact]
    public void A_refusal_by_another_host_names_it_and_asks_for_no_login()
    {
        RegistryException error = RegistryErrors.Make(HttpStatusCode.Forbidden, [], "read a blob", "ghcr.io", "store.example");
        Assert.EndsWith("(HTTP 403 of store.example).", error.Message);
        Assert.DoesNotContain("Log in", error.Remedy);
        Assert.Contains("store.example", error.Remedy);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>no</html>")]
    [InlineData("{\"errors\":")]
    [InlineData("{\"errors\":{}}")]
    [InlineData("{\"errors\":[]}")]
    [InlineData("{\"errors\":[null,1,[]]}")]
    [InlineData("{\"errors\":[{\"code\":7,\"message\":[]}]}")]
    [InlineData("{\"errors\":[{\"code\":\"\\ud800\",\"message\":\"\\ud800\"}]}")]
    [InlineData("{\"errors\":[{\"code\":\"rm -rf\",\"message\":\"\"}]}")]
    [InlineData("[[[[[[")]
    [InlineData("null")]
    public void A_malformed_error_is_reported_by_its_status(string body)
    {
        RegistryException error = Make(403, body);
        Assert.Equal((RegistryFault.Denied, null), (error.Fault, error.Code));
        Assert.Equal("Cannot push to ghcr.io/me/x: the registry does not allow it (HTTP 403).", error.Message);
    }

    [Fact]
    public void What_the_registry_writes_is_cut_short_and_cannot_rewrite_the_screen()
    {
        RegistryException error = Make(403, $$"""{"errors":[{"code":"DENIED","message":"\u001b[2J\nno {{new string('x', 5000)}}"},{"code":"OTHER","message":"second"}]}""");
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.InRange(error.Message.Length, 100, 600);
        Assert.Equal("DENIED", error.Code);
        Assert.Contains("first; second", Make(400, """{"errors":[{"code":"A","message":"first"},{"message":"second."},{"message":"first"}]}""").Message);
        Assert.Contains("not in the list", Make(400, """{"message":"not in the list"}""").Message);
    }

    private static RegistryException Make(int status, string body) =>
        RegistryErrors.Make((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), "push to ghcr.io/me/x", "ghcr.io");
}
