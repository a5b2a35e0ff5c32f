using System.Text;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Registries;
using static Bee.Oci.Tests.Registry.Client.Samples;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Reads manifests from registries that omit headers, send wrong ones, or fail.</summary>
public sealed class ManifestTests : IDisposable
{
    private readonly FaultyRegistry _server = new();
    private readonly RemoteRegistry _registry;
    private readonly Content _manifest = Manifest(Blob("{}"u8.ToArray()));

    public ManifestTests()
    {
        _registry = new RemoteRegistry(_server.Host, Quick);
        _server.Repository("x").AddBlob("{}"u8.ToArray());
        _server.Repository("x").AddManifest(_manifest.Bytes, MediaTypes.ImageManifest, "v1");
    }

    private IRepository Repository => _registry.Repository("x");

    public void Dispose()
    {
        _registry.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task With_complete_headers_one_HEAD_suffices()
    {
        Assert.Equal(_manifest.Descriptor.Digest, (await Repository.ResolveAsync("v1"))!.Digest);
        Assert.Equal((1, 0), (_server.Count(Stage.HeadManifest), _server.Count(Stage.GetManifest)));
    }

    [Theory]
    [InlineData("Docker-Content-Digest", null)]
    [InlineData("Docker-Content-Digest", "sha512:00")]
    [InlineData("Docker-Content-Digest", "nonsense")]
    [InlineData("Content-Type", null)]
    [InlineData("Content-Type", "text/plain")]
    public async Task With_incomplete_headers_the_content_is_read(string header, string? value)
    {
        _server.Inject(Stage.HeadManifest, Faults.Header(header, value));
        _server.Inject(Stage.GetManifest, Faults.Header(header, value));
        foreach (string reference in new[] { "v1", _manifest.Descriptor.Digest })
        {
            Descriptor found = (await Repository.ResolveAsync(reference))!;
            Assert.Equal((_manifest.Descriptor.Digest, _manifest.Descriptor.Size, MediaTypes.ImageManifest), (found.Digest, found.Size, found.MediaType));
        }

        Assert.Equal(2, _server.Count(Stage.GetManifest));
    }

    [Theory]
    [InlineData(405)]
    [InlineData(400)]
    public async Task A_registry_without_HEAD_is_asked_by_GET(int status)
    {
        _server.Inject(Stage.HeadManifest, Faults.Status(status));
        Assert.Equal(_manifest.Descriptor.Digest, (await Repository.ResolveAsync("v1"))!.Digest);
    }

    [Fact]
    public async Task The_registrys_own_error_is_shown_after_HEAD_too()
    {
        _server.Inject(Stage.HeadManifest, Faults.Error(403, "DENIED"));
        _server.Inject(Stage.GetManifest, Faults.Error(403, "DENIED", "you are not one of us"));
        var denied = await Assert.ThrowsAsync<RegistryException>(() => Repository.ResolveAsync("v1"));
        Assert.Equal((RegistryFault.Denied, "DENIED", 403), (denied.Fault, denied.Code, denied.Status));
        Assert.Contains("you are not one of us (DENIED, HTTP 403)", denied.Message);
    }

    [Fact]
    public async Task A_digest_returns_only_the_manifest_with_that_digest()
    {
        string other = _server.Repository("x").AddManifest(Manifest(Blob("{}"u8.ToArray()), artifactType: "application/x.other").Bytes, MediaTypes.ImageManifest);
        string digest = _manifest.Descriptor.Digest;
        _server.Inject(Stage.HeadManifest, Faults.Header("Docker-Content-Digest", other));
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => Repository.ResolveAsync(digest))).Fault);

        _server.Inject(Stage.GetManifest, Faults.WrongBytes);
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchManifestAsync(digest))).Fault);
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchManifestAsync("v1"))).Fault);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_is_asked_again()
    {
        _server.Inject(Stage.GetManifest, Faults.CutAnswer(50), times: 2);
        Assert.Equal(_manifest.Bytes, (await Repository.FetchManifestAsync("v1")).Bytes);
        _server.Inject(Stage.GetManifest, Faults.CutAnswer(50));
        Assert.Equal(RegistryFault.Broken, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchManifestAsync("v1"))).Fault);
    }

    [Fact]
    public async Task More_than_four_mebibytes_are_refused_whether_said_or_not()
    {
        byte[] large = Encoding.UTF8.GetBytes("{\"schemaVersion\":2,\"config\":{}}" + new string(' ', StoreLimits.Manifest));
        string digest = _server.Repository("x").AddManifest(large, MediaTypes.ImageManifest, "large");
        foreach (string reference in new[] { "large", digest })
        {
            Assert.Equal(RegistryFault.TooLarge, (await Assert.ThrowsAsync<RegistryException>(() => Repository.ResolveAsync(reference))).Fault);
            Assert.Equal(RegistryFault.TooLarge, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchManifestAsync(reference))).Fault);
        }

        _server.Inject(Stage.GetManifest, Faults.Endless);
        Assert.Equal(RegistryFault.TooLarge, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchManifestAsync("v1"))).Fault);
        var pushed = new Content(Blob(large, MediaTypes.ImageManifest), large);
        Assert.Equal(RegistryFault.TooLarge, (await Assert.ThrowsAsync<RegistryException>(() => Repository.PushManifestAsync(pushed, "v2"))).Fault);
        Assert.Equal(0, _server.Count(Stage.PutManifest));
    }

    [Theory]
    [InlineData("{", MediaTypes.ImageManifest)]
    [InlineData("null", MediaTypes.ImageManifest)]
    [InlineData("[1]", MediaTypes.ImageIndex)]
    [InlineData("<html>", "text/html")]
    [InlineData("{}", "application/json")]
    [InlineData("{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}", MediaTypes.ImageManifest)]
    [InlineData("{\"mediaType\":\"application/x.other\"}", "application/json")]
    public async Task An_invalid_manifest_is_a_bad_answer(string text, string mediaType)
    {
        _server.Repository("x").AddManifest(Encoding.UTF8.GetBytes(text), mediaType, "bad");
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchManifestAsync("bad"))).Fault);
    }

    [Fact]
    public async Task A_manifest_without_a_media_type_is_recognized_by_its_content()
    {
        _server.Repository("x").AddManifest("{\"schemaVersion\":2,\"manifests\":[]}"u8.ToArray(), "application/json", "index");
        _server.Repository("x").AddManifest("{\"schemaVersion\":2,\"config\":{}}"u8.ToArray(), "application/json; charset=utf-8", "manifest");
        Assert.Equal(MediaTypes.ImageIndex, (await Repository.FetchManifestAsync("index")).Descriptor.MediaType);
        Assert.Equal(MediaTypes.ImageManifest, (await Repository.ResolveAsync("manifest"))!.MediaType);
    }

    [Fact]
    public async Task A_manifest_that_does_not_match_its_digest_is_not_pushed()
    {
        Content damaged = _manifest with { Bytes = "{}"u8.ToArray() };
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => Repository.PushManifestAsync(damaged, "v2"))).Fault);
        Assert.Equal(0, _server.Count(Stage.PutManifest));
        _server.Inject(Stage.PutManifest, Faults.Header("Docker-Content-Digest", Digest.Of("other"u8).ToString()));
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => Repository.PushManifestAsync(_manifest, "v2"))).Fault);
    }

    [Fact]
    public async Task A_push_whose_answer_was_lost_is_sent_again()
    {
        _server.Inject(Stage.PutManifest, Faults.CutBeforeAnswer, times: 1);
        await Repository.PushManifestAsync(_manifest, "v2");
        Assert.Equal(2, _server.Count(Stage.PutManifest));
        Assert.Equal(_manifest.Descriptor.Digest, (await Repository.ResolveAsync("v2"))!.Digest);
    }

    [Fact]
    public async Task A_tag_is_deleted_where_the_registry_can()
    {
        await Repository.TagAsync(_manifest.Descriptor, "v2");
        await Repository.DeleteAsync("v2");
        Assert.Null(await Repository.ResolveAsync("v2"));
        Assert.NotNull(await Repository.ResolveAsync("v1"));
    }

    [Fact]
    public async Task A_warning_of_the_registry_is_reported_once()
    {
        var notes = new List<RegistryNote>();
        using var registry = new RemoteRegistry(_server.Host, Quick with { Note = notes.Add });
        _server.Inject(Stage.HeadManifest, Faults.Header("Warning", "299 - \"This \\\"image\\\" is\u001b old.\""), times: 2);
        _server.Inject(Stage.HeadManifest, Faults.Header("Warning", "110 anderson \"stale\""), times: 1);
        for (int i = 0; i < 3; i++)
        {
            Assert.NotNull(await registry.Repository("x").ResolveAsync("v1"));
        }

        RegistryNote note = Assert.Single(notes);
        Assert.True(note.IsWarning);
        Assert.EndsWith("warns: This \"image\" is\uFFFD old.", note.Text);
    }

    [Fact]
    public async Task What_answers_without_being_a_registry_is_named_so()
    {
        _server.Inject(Stage.Ping, Faults.Answer(HttpAnswer.Json(200, "<html>", "text/html")), times: 1);
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => _registry.PingAsync())).Fault);
        _server.Inject(Stage.Ping, Faults.Status(404), times: 1);
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => _registry.PingAsync())).Fault);
        _server.Inject(Stage.Ping, Faults.Error(401, "UNAUTHORIZED"), times: 1);
        Assert.Equal(RegistryFault.Unauthorized, (await Assert.ThrowsAsync<RegistryException>(() => _registry.PingAsync())).Fault);
        await _registry.PingAsync();
    }
}
