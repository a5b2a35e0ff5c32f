using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Registries;
using static Bee.Oci.Tests.Registry.Client.Samples;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Downloads blobs from registries that cut the connection or send other content.</summary>
public sealed class DownloadTests : IDisposable
{
    private readonly byte[] _content = Bytes(1_000_000);
    private readonly FaultyRegistry _server = new();
    private readonly RemoteRegistry _registry;

    public DownloadTests()
    {
        _registry = new RemoteRegistry(_server.Host, Quick);
        _server.Repository("x").AddBlob(_content);
    }

    private IRepository Repository => _registry.Repository("x");

    public void Dispose()
    {
        _registry.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task A_broken_connection_is_continued_where_it_broke()
    {
        _server.Inject(Stage.GetBlob, Faults.CutAnswer(300_000), times: 2);
        Assert.Equal(_content, await ReadAsync(Repository, Blob(_content)));
        Assert.Equal([null, "bytes=300000-", "bytes=600000-"], Ranges());
    }

    [Fact]
    public async Task Without_ranges_the_bytes_before_the_break_are_read_again()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { Ranges = false });
        server.Repository("x").AddBlob(_content);
        server.Inject(Stage.GetBlob, Faults.CutAnswer(300_000), times: 1);

        // The second attempt ends earlier than the first.
        server.Inject(Stage.GetBlob, Faults.CutAnswer(100_000), times: 1);
        server.Inject(Stage.GetBlob, Faults.CutAnswer(900_000), times: 1);
        using var registry = new RemoteRegistry(server.Host, Quick);
        Assert.Equal(_content, await ReadAsync(registry.Repository("x"), Blob(_content)));
        Assert.Equal(4, server.Count(Stage.GetBlob));
    }

    [Fact]
    public async Task A_connection_that_always_breaks_at_the_same_place_is_an_error()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { Ranges = false });
        server.Repository("x").AddBlob(_content);
        server.Inject(Stage.GetBlob, Faults.CutAnswer(300_000));
        using var registry = new RemoteRegistry(server.Host, Quick);
        var broken = await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(registry.Repository("x"), Blob(_content)));
        Assert.Equal(RegistryFault.Broken, broken.Fault);
        Assert.Equal(1 + Quick.Retries, server.Count(Stage.GetBlob));
    }

    [Fact]
    public async Task Connections_that_bring_single_bytes_come_to_an_end()
    {
        _server.Inject(Stage.GetBlob, Faults.CutAnswer(1));
        var broken = await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Repository, Blob(_content)));
        Assert.Equal(RegistryFault.Broken, broken.Fault);
        Assert.Equal(1 + Quick.Retries, _server.Count(Stage.GetBlob));
    }

    [Fact]
    public async Task Wrong_bytes_are_an_error_even_if_the_caller_stops_at_the_length()
    {
        _server.Inject(Stage.GetBlob, Faults.WrongBytes);
        await using Stream stream = await Repository.FetchAsync(Blob(_content));
        byte[] buffer = new byte[_content.Length];
        var wrong = await Assert.ThrowsAsync<RegistryException>(async () => await stream.ReadExactlyAsync(buffer));
        Assert.Equal(RegistryFault.DigestMismatch, wrong.Fault);

        // Further reads fail too.
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => stream.CopyToAsync(Stream.Null))).Fault);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(-1_000_000)]
    public async Task Another_length_is_an_error_before_a_byte_is_read(int by)
    {
        _server.Inject(Stage.GetBlob, Faults.WrongLength(by));
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchAsync(Blob(_content)))).Fault);
        Assert.Equal(1, _server.Count(Stage.GetBlob));
    }

    [Fact]
    public async Task A_body_without_length_is_read_only_to_the_expected_size()
    {
        _server.Inject(Stage.GetBlob, Faults.Endless);
        Assert.Equal(_content, await ReadAsync(Repository, Blob(_content)));

        byte[] longer = [.. _content, 1];
        _server.Repository("x").Blobs[Blob(longer).Digest] = _content;
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Repository, Blob(longer)))).Fault);
    }

    [Fact]
    public async Task A_body_without_length_that_ends_too_early_is_an_error()
    {
        _server.Inject(Stage.GetBlob, async (exchange, serve) =>
        {
            HttpAnswer answer = await serve();
            await exchange.SendHeadAsync((answer with { Status = 200 }).With("Content-Length", null).With("Transfer-Encoding", "chunked").With("Content-Range", null));
            await exchange.WriteAsync("5\r\n12345\r\n0\r\n\r\n"u8.ToArray());
        });
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Repository, Blob(_content)))).Fault);
    }

    [Theory]
    [InlineData("bytes 0-999999/1000000", RegistryFault.BadAnswer)]
    [InlineData("bytes 300000-999999/1000001", RegistryFault.DigestMismatch)]
    [InlineData("nothing", RegistryFault.BadAnswer)]
    [InlineData(null, RegistryFault.BadAnswer)]
    public async Task A_rest_that_is_another_one_is_an_error(string? range, RegistryFault fault)
    {
        _server.Inject(Stage.GetBlob, Faults.CutAnswer(300_000), times: 1);
        _server.Inject(Stage.GetBlob, Faults.Header("Content-Range", range));
        Assert.Equal(fault, (await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Repository, Blob(_content)))).Fault);
    }

    [Fact]
    public async Task A_rest_of_something_else_does_not_go_through()
    {
        _server.Inject(Stage.GetBlob, Faults.CutAnswer(300_000), times: 1);
        _server.Inject(Stage.GetBlob, Faults.WrongBytes);
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => ReadAsync(Repository, Blob(_content)))).Fault);
    }

    [Fact]
    public async Task A_negative_size_in_a_descriptor_is_an_error()
    {
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchAsync(Blob(_content) with { Size = -1 }))).Fault);
        string digest = _server.Repository("x").AddManifest("{\"config\":{}}"u8.ToArray(), MediaTypes.ImageManifest);
        var manifest = new Descriptor(MediaTypes.ImageManifest, Digest.Parse(digest), 12);
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchAsync(manifest))).Fault);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        var missing = await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchAsync(Blob("else"u8.ToArray())));
        Assert.Equal((RegistryFault.NotFound, "BLOB_UNKNOWN"), (missing.Fault, missing.Code));
    }

    [Fact]
    public async Task The_token_of_opening_ends_reading_too()
    {
        using var stop = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        _server.Inject(Stage.GetBlob, Faults.Stall(300_000));
        await using Stream stream = await Repository.FetchAsync(Blob(_content), stop.Token);
        byte[] buffer = new byte[300_000];
        await stream.ReadExactlyAsync(buffer, other.Token);
        ValueTask<int> next = stream.ReadAsync(buffer, other.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task It_can_be_read_without_await()
    {
        _server.Inject(Stage.GetBlob, Faults.CutAnswer(300_000), times: 1);
        await using Stream stream = await Repository.FetchAsync(Blob(_content));
        using var bytes = new MemoryStream();
        await Task.Run(() => stream.CopyTo(bytes));
        Assert.Equal(_content, bytes.ToArray());
        Assert.Equal((_content.Length, _content.Length), (stream.Length, stream.Position));
    }

    private IEnumerable<string?> Ranges() => _server.Requests.Where(r => r.Stage == Stage.GetBlob).Select(r => r.Headers.GetValueOrDefault("Range"));
}
