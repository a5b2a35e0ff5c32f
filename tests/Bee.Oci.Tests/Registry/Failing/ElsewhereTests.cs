using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Tests.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>Registries that redirect to other hosts. The client follows where that is allowed, and sends no credentials there.</summary>
public sealed class ElsewhereTests : IDisposable
{
    private const string Password = "a-secret-of-the-tests";

    private readonly FaultyRegistry _registry = new(new FaultyRegistryOptions { Users = new Dictionary<string, string> { ["me"] = Password } });
    private readonly FaultyRegistry _other = new();
    private readonly RemoteRegistry _client;

    public ElsewhereTests()
    {
        _client = new RemoteRegistry(_registry.Host, FaultCase.Quick with { Credentials = new OneLogin() });
        FaultyImage.Lay(_registry);
    }

    private IRepository Repository => _client.Repository(FaultyImage.Repository);

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_blob_at_another_host_is_read_without_credentials(int status)
    {
        string digest = _other.Repository("storage").AddBlob(FaultyImage.Large);
        await LogInAsync();
        _registry.Inject(Stage.GetBlob, Faults.Redirect($"{_other.Address}v2/storage/blobs/{digest}", status));
        _other.Inject(Stage.GetBlob, Faults.CutAnswer(100_000), times: 1);
        Assert.Equal(FaultyImage.Large, await Samples.ReadAsync(Repository, Samples.Blob(FaultyImage.Large)));
        AssertNoCredentials();
    }

    [Fact]
    public async Task An_upload_to_another_host_is_sent_without_credentials()
    {
        // The other host accepts uploads under any name, and the registry starts them there.
        await LogInAsync();
        _registry.Repository(FaultyImage.Repository).Blobs.Clear();
        _registry.Inject(Stage.StartUpload, async (exchange, _) =>
        {
            using var there = new HttpClient();
            using HttpResponseMessage begun = await there.PostAsync($"{_other.Address}v2/storage/blobs/uploads/", null);
            await exchange.SendAsync(new HttpAnswer(202) { Headers = { ["Location"] = begun.Headers.Location!.ToString() } });
        });
        await Repository.PushAsync(Samples.Blob(FaultyImage.Large), () => new MemoryStream(FaultyImage.Large));
        Assert.Equal(FaultyImage.Large, _other.Repository("storage").Blobs.Values.Single());
        AssertNoCredentials();
    }

    [Fact]
    public async Task Another_host_that_asks_for_a_login_does_not_receive_it()
    {
        await LogInAsync();
        using var asking = new FaultyRegistry(new FaultyRegistryOptions { Users = new Dictionary<string, string> { ["me"] = Password } });
        _registry.Inject(Stage.GetBlob, Faults.Redirect($"{asking.Address}v2/storage/blobs/{Samples.Blob(FaultyImage.Large).Digest}"));
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Samples.ReadAsync(Repository, Samples.Blob(FaultyImage.Large)));
        Assert.Equal(RegistryFault.Unauthorized, error.Fault);
        Assert.DoesNotContain(asking.Requests, request => request.Headers.ContainsKey("Authorization"));
        Assert.NotEmpty(asking.Requests);
    }

    [Fact]
    public async Task A_redirect_back_from_another_host_carries_no_credentials()
    {
        await LogInAsync();
        _registry.Inject(Stage.GetManifest, Faults.Redirect($"{_other.Address}v2/x/manifests/v1"));
        _other.Inject(Stage.GetManifest, Faults.Redirect($"{_registry.Address}v2/_catalog"));
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Repository.FetchManifestAsync("v1"));
        Assert.Equal(RegistryFault.Unauthorized, error.Fault);
        Assert.DoesNotContain(_registry.Requests, request => request.Stage == Stage.Catalog && request.Headers.ContainsKey("Authorization"));
        AssertNoCredentials();
    }

    [Fact]
    public async Task From_TLS_nothing_leads_to_plain_http()
    {
        using var authority = new TestAuthority();
        using var secure = new FaultyRegistry(new FaultyRegistryOptions { Authority = authority });
        FaultyImage.Lay(secure);
        string digest = _other.Repository("storage").AddBlob(FaultyImage.Large);
        secure.Inject(Stage.GetBlob, Faults.Redirect($"{_other.Address}v2/storage/blobs/{digest}"));
        using var client = new RemoteRegistry(secure.Host, new RegistryOptions { CACertificate = authority.Certificate });
        IReadOnlyRepository repository = client.Repository(FaultyImage.Repository);
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Samples.ReadAsync(repository, Samples.Blob(FaultyImage.Large)));
        Assert.Equal(RegistryFault.Unsafe, error.Fault);
        Assert.Empty(_other.Requests);
    }

    [Fact]
    public async Task A_list_is_not_continued_at_another_host()
    {
        _registry.Inject(Stage.Tags, Faults.Header("Link", $"<{_other.Address}v2/x/tags/list>; rel=\"next\""));
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Samples.ListAsync(Repository.TagsAsync()));
        Assert.Equal(RegistryFault.Unsafe, error.Fault);
        Assert.Empty(_other.Requests);
    }

    public void Dispose()
    {
        _client.Dispose();
        _registry.Dispose();
        _other.Dispose();
    }

    // From here on the client knows that the registry requires credentials, and sends them with each request.
    private async Task LogInAsync()
    {
        Assert.NotNull(await Repository.ResolveAsync(FaultyImage.Tag));
        Assert.Contains(_registry.Requests, request => request.Headers.ContainsKey("Authorization"));
    }

    private void AssertNoCredentials()
    {
        Assert.NotEmpty(_other.Requests);
        Assert.DoesNotContain(_other.Requests, request => request.Headers.ContainsKey("Authorization"));
    }

    private sealed class OneLogin : ICredentialSource
    {
        public Task<RegistryCredential?> FindAsync(string registry, string? repository, CancellationToken cancellationToken) =>
            Task.FromResult<RegistryCredential?>(new RegistryCredential { UserName = "me", Password = Password });
    }
}
