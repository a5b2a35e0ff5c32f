using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Registries;

namespace Bee.Oci.Tests.Store;

public sealed class SkopeoTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [ToolFact("skopeo")]
    public void Skopeo_reads_an_image_by_its_whole_reference()
    {
        foreach (string reference in new[] { "x:v1", "ghcr.io/me/x-y.z:v1", "localhost:5000/a/b/c:V1_2" })
        {
            Image image = _folder.Add(reference, reference);
            Assert.Equal(File.ReadAllText(_folder.Blob(image.Digest)), Skopeo("inspect", "--raw", $"oci:{_folder.Path}:{reference}"));
        }
    }

    [ToolFact("skopeo")]
    public void An_image_survives_the_way_out_and_back_by_skopeo()
    {
        Image image = _folder.Store.Add(StoreFolder.Content("elf", "what it does"), ImageReference.Parse("ghcr.io/me/x:v1"));
        string other = Path.Combine(_folder.Root, "other");
        Skopeo("copy", $"oci:{_folder.Path}:ghcr.io/me/x:v1", $"oci:{other}:v1");

        // skopeo wrote the other layout. Bee reads it, and can write to it too.
        var store = new ImageStore(other);
        Image foreign = Assert.Single(store.List());
        Assert.Equal(("v1", image.Digest, "what it does", (string?)null), (foreign.Reference, foreign.Digest, foreign.Description, foreign.Problem));
        Assert.Equal("elf", Encoding.UTF8.GetString(store.ReadProgram(store.Find("v1")!)));
        store.Tag(foreign, ImageReference.Parse("further:v2"));
        Assert.Equal(["further:v2", "v1"], store.List().Select(i => i.Reference));

        // skopeo writes to Bee's layout.
        Skopeo("copy", $"oci:{other}:further:v2", $"oci:{_folder.Path}:back:v3");
        Assert.Equal(image.Digest, _folder.Store.Find("back:v3")!.Digest);
        Assert.Equal("ghcr.io/me/x:v1", _folder.Store.Find("me/x:v1")!.Reference);
    }

    [ToolFact("skopeo")]
    public void An_image_as_BumbleBee_makes_it_is_listed_and_read()
    {
        // As oras-go 1 writes it: the manifest has no media type, and the config is empty, without a platform.
        _folder.Lay(null);
        JsonObject config = _folder.Put("{}"u8.ToArray(), MediaTypes.EbpfConfig);
        config["annotations"] = new JsonObject { ["org.opencontainers.image.title"] = "config.json" };
        JsonObject program = _folder.Put("their elf"u8.ToArray(), MediaTypes.EbpfProgram);
        program["annotations"] = new JsonObject { ["org.opencontainers.image.title"] = "program.o" };
        byte[] manifest = StoreFolder.Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["config"] = config,
            ["layers"] = new JsonArray(program),
            ["annotations"] = new JsonObject { ["org.opencontainers.image.authors"] = "they" },
        });
        _folder.LayEntries(StoreFolder.Named(_folder.Put(manifest, MediaTypes.ImageManifest), "ghcr.io/solo-io/bumblebee/probe:0.0.7"));
        string other = Path.Combine(_folder.Root, "other");
        Skopeo("copy", $"oci:{_folder.Path}:ghcr.io/solo-io/bumblebee/probe:0.0.7", $"oci:{other}:ghcr.io/solo-io/bumblebee/probe:0.0.7");

        var store = new ImageStore(other);
        Image image = store.Find("probe:0.0.7")!;
        Assert.Equal(("they", (int?)null, 0), (image.Authors, image.Config.Version, image.Maps.Count));
        Assert.Null(image.Created);
        Assert.Equal("their elf", Encoding.UTF8.GetString(store.ReadProgram(image)));
    }

    public void Dispose() => _folder.Dispose();

    private static string Skopeo(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("skopeo", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"skopeo {string.Join(' ', arguments)}: {errors.Result}");
        return output;
    }
}
