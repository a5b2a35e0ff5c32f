using System.Text;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Tests.Registry.Client;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Interop;

/// <summary>Bee and other clients push to and pull from Debian's registry; the content stays identical.</summary>
public sealed class OtherClientsTests(OtherClientsTests.Server server) : IClassFixture<OtherClientsTests.Server>, IDisposable
{
    private static readonly byte[] s_program = Samples.Bytes(700_000, 5);

    private readonly StoreFolder _folder = new();

    private string Host => server.Registry!.Host;

    [ToolFact(Tool.Registry, Tool.Skopeo)]
    public async Task Skopeo_reads_and_copies_what_Bee_pushed()
    {
        Image image = await PushAsync("skopeo/reads");
        byte[] manifest = File.ReadAllBytes(_folder.Blob(image.Digest));
        Assert.Equal(manifest, Encoding.UTF8.GetBytes(Skopeo("inspect", "--raw", $"docker://{Host}/skopeo/reads:v1")));
        Assert.Equal(manifest, Encoding.UTF8.GetBytes(Skopeo("inspect", "--raw", $"docker://{Host}/skopeo/reads@{image.Digest}")));

        string layout = Path.Combine(_folder.Root, "theirs");
        Skopeo("copy", $"docker://{Host}/skopeo/reads:v1", $"oci:{layout}:v1");
        AssertSame(new ImageStore(layout), "v1", image);
    }

    [ToolFact(Tool.Registry, Tool.Skopeo)]
    public async Task Bee_pulls_what_skopeo_pushed()
    {
        Image image = Add("local:v1");
        Skopeo("copy", $"oci:{_folder.Path}:local:v1", $"docker://{Host}/skopeo/pushed:v1");
        AssertSame(await PullAsync("skopeo/pushed:v1"), $"{Host}/skopeo/pushed:v1", image);

        // By digest too.
        AssertSame(await PullAsync($"skopeo/pushed@{image.Digest}", "pinned"), $"{Host}/skopeo/pushed@{image.Digest}", image);
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public async Task Oras_reads_and_copies_what_Bee_pushed()
    {
        Image image = await PushAsync("oras/reads");
        Assert.Equal(File.ReadAllBytes(_folder.Blob(image.Digest)), Encoding.UTF8.GetBytes(Oras("manifest", "fetch", "--plain-http", $"{Host}/oras/reads:v1")));
        Assert.Equal("v1\n", Oras("repo", "tags", "--plain-http", $"{Host}/oras/reads"));
        string file = Path.Combine(_folder.Root, "program.o");
        Oras("blob", "fetch", "--plain-http", "-o", file, $"{Host}/oras/reads@{image.Program!.Digest}");
        Assert.Equal(s_program, File.ReadAllBytes(file));

        string layout = Path.Combine(_folder.Root, "theirs");
        Oras("cp", "--from-plain-http", "--to-oci-layout", $"{Host}/oras/reads:v1", $"{layout}:v1");
        AssertSame(new ImageStore(layout), "v1", image);
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public async Task Bee_pulls_what_oras_copied_from_the_store()
    {
        Image image = Add("ghcr.io/me/local:v1");
        Oras("cp", "--from-oci-layout-path", _folder.Path, "--to-plain-http", "ghcr.io/me/local:v1", $"{Host}/oras/pushed:v1");
        AssertSame(await PullAsync("oras/pushed:v1"), $"{Host}/oras/pushed:v1", image);
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public void Oras_reads_the_store_itself()
    {
        Image image = Add("ghcr.io/me/local:v1");
        Assert.Equal(
            File.ReadAllBytes(_folder.Blob(image.Digest)),
            Encoding.UTF8.GetBytes(Oras("manifest", "fetch", "--oci-layout-path", _folder.Path, "ghcr.io/me/local:v1")));
        Assert.Contains("ghcr.io/me/local:v1", Oras("repo", "tags", "--oci-layout", _folder.Path), StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public async Task An_artifact_that_oras_pushed_is_pulled_unchanged()
    {
        File.WriteAllBytes(Path.Combine(_folder.Root, "program.o"), s_program);
        File.WriteAllText(Path.Combine(_folder.Root, "config.json"), "{}");
        Oras(
            "push", "--plain-http", "--config", $"config.json:{MediaTypes.EbpfConfig}", $"{Host}/oras/artifact:v1", $"program.o:{MediaTypes.EbpfProgram}");
        ImageStore store = await PullAsync("oras/artifact:v1");
        Assert.Equal(s_program, store.ReadProgram(store.Find($"{Host}/oras/artifact:v1")!));
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public async Task An_index_is_pushed_and_pulled()
    {
        using var client = new RemoteRegistry(Host, Samples.Quick);
        IRepository repository = client.Repository("oras/index");
        foreach (string architecture in new[] { "amd64", "arm64" })
        {
            var name = ImageReference.Parse($"{Host}/oras/index:{architecture}");
            Image part = _folder.Store.Add(StoreFolder.Content(architecture) with { Platform = new Platform("linux", architecture) }, name);
            await new ImageTransfer().PushAsync(_folder.Store, part, repository, architecture);
        }

        Oras("manifest", "index", "create", "--plain-http", $"{Host}/oras/index:all", "amd64", "arm64");
        ImageStore store = await PullAsync("oras/index:all");
        Image index = store.Find($"{Host}/oras/index:all")!;
        Assert.Equal(["linux/amd64", "linux/arm64"], index.Platforms.Select(platform => platform.ToString()).Order());
        await new ImageTransfer().PushAsync(store, index, client.Repository("oras/back"), "all");
        Assert.Equal(
            Oras("manifest", "fetch", "--plain-http", $"{Host}/oras/index:all"),
            Oras("manifest", "fetch", "--plain-http", $"{Host}/oras/back:all"));
        Assert.Contains("arm64", Oras("manifest", "fetch-config", "--plain-http", "--platform", "linux/arm64", $"{Host}/oras/back:all"), StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public async Task A_signature_that_oras_attached_travels_with_the_image_and_back()
    {
        Image image = await PushAsync("oras/attached");
        File.WriteAllText(Path.Combine(_folder.Root, "note.txt"), "{}");
        Oras("attach", "--plain-http", "--artifact-type", "application/vnd.cncf.notary.signature", $"{Host}/oras/attached:v1", "note.txt:application/jose+json");
        ImageStore store = await PullAsync("oras/attached:v1");
        using var client = new RemoteRegistry(Host, Samples.Quick);
        await new ImageTransfer().PushAsync(store, store.Find($"{Host}/oras/attached:v1")!, client.Repository("oras/again"), "v1");
        Assert.Contains("application/vnd.cncf.notary.signature", Oras("discover", "--plain-http", $"{Host}/oras/again:v1"), StringComparison.Ordinal);
        Assert.Single(await Samples.ListAsync(client.Repository("oras/again").ReferrersAsync(image.Descriptor.ToDescriptor().Digest)));
    }

    public void Dispose() => _folder.Dispose();

    private Image Add(string name) => _folder.Store.Add(StoreFolder.Content() with { Program = s_program, Description = "what it does" }, ImageReference.Parse(name));

    private async Task<Image> PushAsync(string repository)
    {
        Image image = Add($"{Host}/{repository}:v1");
        using var client = new RemoteRegistry(Host, Samples.Quick);
        await new ImageTransfer().PushAsync(_folder.Store, image, client.Repository(repository), "v1");
        return image;
    }

    // Into a new store.
    private async Task<ImageStore> PullAsync(string reference, string store = "pulled")
    {
        var into = new ImageStore(Path.Combine(_folder.Root, store));
        var name = ImageReference.Parse($"{Host}/{reference}");
        using var client = new RemoteRegistry(Host, Samples.Quick);
        await new ImageTransfer().PullAsync(client.Repository(name.Repository), name.Digest ?? name.Tag!, into, name);
        return into;
    }

    // The bytes of manifest, config and program are identical.
    private void AssertSame(ImageStore store, string name, Image image)
    {
        Image other = store.Find(name)!;
        Assert.Equal((image.Digest, (string?)null), (other.Digest, other.Problem));
        Assert.Equal(s_program, store.ReadProgram(other));
        foreach (BlobCheck check in store.Verify(other))
        {
            Assert.Null(check.Fault);
            string file = Path.Combine("blobs", "sha256", check.Descriptor.Digest.Hex);
            Assert.Equal(File.ReadAllBytes(_folder.Blob(check.Descriptor.Digest)), File.ReadAllBytes(Path.Combine(store.Path, file)));
        }
    }

    private string Oras(params string[] arguments) => Tool.Run(Tool.Oras, arguments, _folder.Root).Success;

    private string Skopeo(params string[] arguments) => Tool.Run(Tool.Skopeo, [arguments[0], .. Options(arguments[0]), .. arguments[1..]], _folder.Root).Success;

    private static string[] Options(string command) => command == "copy" ? ["--src-tls-verify=false", "--dest-tls-verify=false"] : ["--tls-verify=false"];

    /// <summary>The registry that all tests share; each test has its own repository.</summary>
    public sealed class Server : IDisposable
    {
        public DebianRegistry? Registry { get; } = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;

        public void Dispose() => Registry?.Dispose();
    }
}
