using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Tests;

/// <summary>A temporary directory with a store, deleted after the test.</summary>
internal sealed class StoreFolder : IDisposable
{
    public StoreFolder()
    {
        Root = Directory.CreateTempSubdirectory("bee-oci-").FullName;
        Path = System.IO.Path.Combine(Root, "store");
        Store = new ImageStore(Path);
    }

    /// <summary>The directory, which exists.</summary>
    public string Root { get; }

    /// <summary>The store's directory, which the first added image creates.</summary>
    public string Path { get; }

    public ImageStore Store { get; }

    public string IndexPath => System.IO.Path.Combine(Path, "index.json");

    public static ImageContent Content(string text = "program", string? description = null) => new()
    {
        Program = Encoding.UTF8.GetBytes(text),
        Description = description,
        Platform = new Platform("linux", "amd64"),
    };

    public Image Add(string reference, string text = "program") => Store.Add(Content(text), ImageReference.Parse(reference));

    public string Blob(string digest) => System.IO.Path.Combine(Path, "blobs", "sha256", digest["sha256:".Length..]);

    public string[] Blobs()
    {
        string folder = System.IO.Path.Combine(Path, "blobs", "sha256");
        return Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
    }

    /// <summary>Writes the layout directly, as another tool would.</summary>
    public void Lay(string? index)
    {
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "blobs", "sha256"));
        File.WriteAllText(System.IO.Path.Combine(Path, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        if (index is not null)
        {
            File.WriteAllText(IndexPath, index);
        }
    }

    /// <summary>Adds a blob to a layout that was written directly.</summary>
    public JsonObject Put(byte[] content, string mediaType)
    {
        var digest = Digest.Of(content);
        File.WriteAllBytes(Blob(digest.ToString()), content);
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = digest.ToString(), ["size"] = content.Length };
    }

    /// <summary>Writes an index with these entries.</summary>
    public void LayEntries(params JsonObject[] entries) =>
        Lay(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. entries]) }.ToJsonString());

    public static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    public static JsonObject Named(JsonObject entry, string name)
    {
        entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name };
        return entry;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
