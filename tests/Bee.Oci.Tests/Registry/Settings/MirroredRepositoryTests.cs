using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Settings;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Registry.Settings;

/// <summary>Reads from a repository and its mirrors. The mirrors are stores, and one that never responds.</summary>
public sealed class MirroredRepositoryTests : IDisposable
{
    private readonly StoreFolder _mirror = new();
    private readonly StoreFolder _own = new();
    private readonly List<RegistryNote> _notes = [];
    private readonly Silent _silent = new();

    [Fact]
    public async Task The_mirror_is_asked_first_and_the_registry_for_missing_content()
    {
        Image mirrored = _mirror.Add("ghcr.io/me/tool:v1", "the mirror's");
        _own.Add("ghcr.io/me/tool:v1", "newer");
        Image only = _own.Add("ghcr.io/me/tool:v2", "only there");
        MirroredRepository repository = Repository(_mirror.Store.Repository("ghcr.io/me/tool"), _own.Store.Repository("ghcr.io/me/tool"));

        Assert.Equal("ghcr.io/me/tool", repository.Name);
        Assert.Equal(mirrored.Digest, (await repository.ResolveAsync("v1"))!.Digest);
        Assert.Equal(only.Digest, (await repository.ResolveAsync("v2"))!.Digest);
        Assert.Null(await repository.ResolveAsync("v3"));
        Assert.True(await repository.ExistsAsync(only.Descriptor));
    }

    [Fact]
    public async Task A_mirror_that_does_not_answer_is_skipped_and_reported_once()
    {
        Image image = _own.Add("ghcr.io/me/tool:v1");
        MirroredRepository repository = Repository(_silent, _own.Store.Repository("ghcr.io/me/tool"));

        Assert.Equal(image.Digest, (await repository.ResolveAsync("v1"))!.Digest);
        Assert.Equal(image.Digest, (await repository.FetchManifestAsync(image.Digest)).Descriptor.Digest);
        using Stream program = await repository.FetchAsync(image.Program!);
        Assert.Equal(image.Program!.Size, program.Length);
        Assert.Equal(1, _silent.Asked);
        RegistryNote note = Assert.Single(_notes);
        Assert.False(note.IsWarning);
        Assert.Contains("mirror.example/me/tool", note.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_registrys_own_error_is_reported()
    {
        MirroredRepository repository = Repository(_own.Store.Repository("ghcr.io/me/tool"), _silent);
        _own.Add("ghcr.io/me/other:v1");
        RegistryException e = await Assert.ThrowsAsync<RegistryException>(() => repository.ResolveAsync("v1"));
        Assert.Equal(RegistryFault.Unreachable, e.Fault);
    }

    [Fact]
    public async Task A_mirror_that_served_the_image_is_trusted_to_have_all_signatures()
    {
        Image image = _mirror.Add("ghcr.io/me/tool:v1");
        MirroredRepository repository = Repository(_mirror.Store.Repository("ghcr.io/me/tool"), _silent);
        await Assert.ThrowsAsync<RegistryException>(() => repository.ResolveAsync("v2"));

        Assert.Equal(image.Digest, (await repository.FetchManifestAsync("v1")).Descriptor.Digest);
        Assert.Null(await repository.ResolveAsync($"sha256-{image.Digest[7..]}.sig"));
    }

    public void Dispose()
    {
        _mirror.Dispose();
        _own.Dispose();
    }

    private MirroredRepository Repository(params IReadOnlyRepository[] places) => new("ghcr.io/me/tool", places, _notes.Add);

    private sealed class Silent : IReadOnlyRepository
    {
        public int Asked { get; private set; }

        public string Name => "mirror.example/me/tool";

        public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) => Fail<Descriptor?>();

        public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => Fail<Content>();

        public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => Fail<Stream>();

        public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => Fail<bool>();

        public IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, CancellationToken cancellationToken = default) => throw Fault();

        private Task<T> Fail<T>() => Task.FromException<T>(Fault());

        private RegistryException Fault()
        {
            Asked++;
            return new RegistryException(RegistryFault.Unreachable, "No connection.");
        }
    }
}
