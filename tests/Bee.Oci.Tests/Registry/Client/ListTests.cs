using System.Collections.Concurrent;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Registries;
using static Bee.Oci.Tests.Registry.Client.Samples;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Reads lists in pages, from registries whose link to the next page is right or wrong.</summary>
public sealed class ListTests : IDisposable
{
    private readonly FaultyRegistry _server = new(new FaultyRegistryOptions { PageSize = 3 });
    private readonly RemoteRegistry _registry;
    private readonly ConcurrentQueue<string> _notes = new();
    private readonly string[] _tags = [.. Enumerable.Range(0, 10).Select(i => $"v{i}")];

    public ListTests()
    {
        _registry = new RemoteRegistry(_server.Host, Quick with { Note = note => _notes.Enqueue(note.Text) });
        foreach (string tag in _tags)
        {
            _server.Repository("x").AddManifest(Manifest(Blob("{}"u8.ToArray())).Bytes, MediaTypes.ImageManifest, tag);
            _server.Repository("repo/" + tag).AddManifest("{}"u8.ToArray(), MediaTypes.ImageManifest, "v1");
        }
    }

    public void Dispose()
    {
        _registry.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task All_pages_are_read()
    {
        Assert.Equal(_tags, await TagsAsync());
        Assert.Equal(4, _server.Count(Stage.Tags));
        Assert.Equal([.. _tags.Select(t => "repo/" + t), "x"], await ListAsync(_registry.RepositoriesAsync()));
    }

    [Fact]
    public async Task Reading_the_first_page_requests_no_other()
    {
        await foreach (string tag in _registry.Repository("x").TagsAsync())
        {
            Assert.Equal("v0", tag);
            break;
        }

        Assert.Equal(1, _server.Count(Stage.Tags));
    }

    [Fact]
    public async Task The_link_to_the_next_page_can_be_absolute()
    {
        _server.Inject(Stage.Tags, Faults.Header("Link", $"<{_server.Address}v2/x/tags/list?n=3&last=v7>; title=\"a, b; c\"; rel=\"next\", <https://elsewhere/>; rel=prev"), times: 1);
        Assert.Equal(["v0", "v1", "v2", "v8", "v9"], await TagsAsync());
    }

    [Theory]
    [InlineData("<https://elsewhere.example/v2/x/tags/list?last=v2>; rel=\"next\"")]
    [InlineData("<//elsewhere.example/v2/x/tags/list>; rel=next")]
    [InlineData("<http://127.0.0.1:1/v2/x/tags/list>; rel=next")]
    public async Task A_list_does_not_go_on_at_another_host(string link)
    {
        _server.Inject(Stage.Tags, Faults.Header("Link", link));
        var refused = await Assert.ThrowsAsync<RegistryException>(TagsAsync);
        Assert.Equal(RegistryFault.Unsafe, refused.Fault);
        Assert.Equal(1, _server.Count(Stage.Tags));
    }

    [Fact]
    public async Task Pages_that_lead_to_each_other_are_an_error()
    {
        _server.Inject(Stage.Tags, Faults.Header("Link", "</v2/x/tags/list?n=3&last=v5>; rel=\"next\""));
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(TagsAsync)).Fault);
        Assert.Equal(2, _server.Count(Stage.Tags));
    }

    [Fact]
    public async Task An_endless_list_of_new_pages_is_limited()
    {
        int page = 0;
        _server.Inject(Stage.Tags, (exchange, _) => exchange.SendAsync(HttpAnswer.Json(200, "{}").With("Link", $"</v2/x/tags/list?last={Interlocked.Increment(ref page)}>; rel=next")));
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(TagsAsync)).Fault);
    }

    [Fact]
    public async Task A_registry_that_refuses_the_length_of_the_page_is_asked_without()
    {
        _server.Inject(Stage.Tags, Faults.Error(400, "PAGINATION_NUMBER_INVALID"), times: 1);
        Assert.Equal(_tags, await TagsAsync());
        Assert.DoesNotContain("n=", _server.Requests.Where(r => r.Stage == Stage.Tags).ElementAt(1).Target);
    }

    [Fact]
    public async Task Invalid_names_are_skipped_with_a_note()
    {
        _server.Inject(Stage.Tags, Faults.Answer(HttpAnswer.Json(200, """{"tags":["v1","../x","",null,"\u001b[31mred","v2"]}""")));
        Assert.Equal(["v1", "v2"], await TagsAsync());
        Assert.Equal(4, _notes.Count);
        Assert.DoesNotContain(_notes, note => note.Contains('\u001b'));
    }

    [Theory]
    [InlineData("{\"tags\":null}")]
    [InlineData("{}")]
    public async Task A_list_may_be_empty(string text)
    {
        _server.Inject(Stage.Tags, Faults.Answer(HttpAnswer.Json(200, text)));
        Assert.Empty(await TagsAsync());
    }

    [Theory]
    [InlineData("{\"tags\":7}")]
    [InlineData("{\"tags\":[")]
    [InlineData("<html>")]
    [InlineData("")]
    public async Task An_invalid_list_is_a_bad_answer(string text)
    {
        _server.Inject(Stage.Tags, Faults.Answer(HttpAnswer.Json(200, text)));
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(TagsAsync)).Fault);
    }

    [Fact]
    public async Task A_list_without_an_end_is_too_large()
    {
        _server.Inject(Stage.Tags, Faults.Endless);
        Assert.Equal(RegistryFault.TooLarge, (await Assert.ThrowsAsync<RegistryException>(TagsAsync)).Fault);
    }

    [Fact]
    public async Task A_registry_without_a_catalog_is_reported()
    {
        _server.Inject(Stage.Catalog, Faults.Error(405, "UNSUPPORTED"));
        var unsupported = await Assert.ThrowsAsync<RegistryException>(() => ListAsync(_registry.RepositoriesAsync()));
        Assert.Equal((RegistryFault.Unsupported, "UNSUPPORTED"), (unsupported.Fault, unsupported.Code));
    }

    private Task<List<string>> TagsAsync() => ListAsync(_registry.Repository("x").TagsAsync());
}
