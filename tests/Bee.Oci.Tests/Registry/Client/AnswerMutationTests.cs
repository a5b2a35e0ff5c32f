using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Mutation;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Xunit.Abstractions;
using static Bee.Oci.Tests.Registry.Client.Samples;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Mutates responses of registries 100,000 times. Each one is usable, or rejected with a <see cref="RegistryException"/>.</summary>
public sealed class AnswerMutationTests(ITestOutputHelper output)
{
    private static readonly Uri s_base = new("https://registry.example/");

    [Fact]
    public void All_kinds_of_errors_are_reported()
    {
        byte[] one = """{"errors":[{"code":"DENIED","message":"requested access is denied","detail":[{"Type":"repository"}]},{"code":"X","message":"y"}]}"""u8.ToArray();
        Run("errors", [one, """{"message":"not \u00e4 found"}"""u8.ToArray()], (bytes, number) =>
        {
            RegistryException error = RegistryErrors.Make((HttpStatusCode)(300 + (number % 300)), bytes, "push", "ghcr.io");
            Assert.InRange(error.Message.Length, 10, 600);
            Assert.DoesNotContain(error.Message, char.IsControl);
        });
    }

    [Fact]
    public void Lists_are_read_or_refused() =>
        Run("lists", ["""{"name":"me/x","tags":["v1","v2","latest"]}"""u8.ToArray(), """{"repositories":["me/x","me/y"]}"""u8.ToArray()], (bytes, number) =>
        {
            _ = RegistryDocuments.Read(bytes, OciJson.Default.TagListDocument, "list").Tags?.Count(t => t is not null && ReferenceGrammar.TagFault(t) is null);
            _ = RegistryDocuments.Read(bytes, OciJson.Default.CatalogDocument, "list").Repositories?.Count(r => r is not null && ReferenceGrammar.RepositoryFault(r) is null);
        });

    [Fact]
    public void Manifests_and_referrers_are_read_or_refused()
    {
        using var endpoint = new Endpoint("registry.example", new RegistryOptions());
        var rights = new RepositoryRights("me/x");
        var manifests = new Manifests(endpoint, "me/x", "registry.example/me/x", rights);
        var referrers = new Referrers(endpoint, "me/x", "registry.example/me/x", rights, new ReferrersTag(manifests, "registry.example/me/x", new SemaphoreSlim(1)));
        var subject = Digest.Of("x"u8);
        Content manifest = Manifest(Blob("{}"u8.ToArray()), Blob("image"u8.ToArray(), MediaTypes.ImageManifest), "application/x.signature");
        var entry = Entry(manifest.Descriptor);
        entry["artifactType"] = "application/x.signature";
        entry["annotations"] = new JsonObject { ["a"] = "b" };
        var index = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.ImageIndex, ["manifests"] = new JsonArray(entry, entry.DeepClone()) };
        string?[] types = [null, "application/json", MediaTypes.ImageManifest, MediaTypes.ImageIndex];
        Run("manifests of registries", [manifest.Bytes, Encoding.UTF8.GetBytes(index.ToJsonString())], (bytes, number) =>
        {
            foreach (Descriptor found in referrers.Read(bytes, subject))
            {
                Assert.True(Digest.TryParse(found.Digest, out _) && found.Size is > 0 and <= StoreLimits.Manifest);
            }

            using var response = new HttpResponseMessage { Content = new ByteArrayContent([]) };
            response.Content.Headers.ContentType = types[number % types.Length] is { } type ? new MediaTypeHeaderValue(type) : null;
            Content content = manifests.Check("v1", new RegistryDocument(response, bytes));
            Assert.Equal(Digest.Of(bytes).ToString(), content.Descriptor.Digest);
        });
    }

    [Fact]
    public void Headers_are_read_or_refused()
    {
        // Not JSON, but the mutator treats it as text.
        byte[][] samples =
        [
            """</v2/x/tags/list?last=v1&n=3>; rel="next", <https://registry.example/b>; title="a, b"; rel=prev"""u8.ToArray(),
            "https://registry.example/v2/x/blobs/uploads/1?_state=a%2Bb%3D%3D#x"u8.ToArray(),
            "../uploads/1?a=b"u8.ToArray(),
            "0-1023"u8.ToArray(),
        ];
        Run("headers", samples, (bytes, number) =>
        {
            string text = Encoding.Latin1.GetString(bytes);
            _ = LinkHeader.Next(text);
            using var response = new HttpResponseMessage { RequestMessage = new HttpRequestMessage(HttpMethod.Post, new Uri(s_base, "v2/x/blobs/uploads/")) };
            if (!response.Headers.TryAddWithoutValidation("Location", text))
            {
                return;
            }

            response.Headers.TryAddWithoutValidation("Range", text);
            response.Headers.TryAddWithoutValidation("Link", text);
            Assert.True(UploadRange.Next(response) is null or >= 0);
            Assert.True(AnswerAddress.NextPage(response, s_base) is not { } page || page.Authority == s_base.Authority);
            if (AnswerAddress.TryLocation(response, s_base) is { } location)
            {
                Assert.Equal("https", location.Scheme);
                Assert.EndsWith("digest=sha256%3A" + Digest.Of("aa"u8).Hex, AnswerAddress.WithDigest(location, Digest.Of("aa"u8)).AbsoluteUri);
            }
        });
    }

    private void Run(string name, byte[][] documents, Action<byte[], long> read) =>
        new ReaderRun(name, TextMutator.Json(documents).Make, read, fault => fault is RegistryException).Execute(output.WriteLine);
}
