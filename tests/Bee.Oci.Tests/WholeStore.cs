using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Bee.Oci.Tests;

/// <summary>Looks at a store after processes have written it, whether they ended or were killed.</summary>
internal static class WholeStore
{
    /// <summary>The store by its files, without Bee's own code: what is named is there and right, and what was reported is named.</summary>
    public static void Check(StoreFolder folder, IReadOnlyCollection<ChildWriter> writers)
    {
        // Whoever is killed at the very beginning may leave nothing at all.
        JsonArray entries = File.Exists(folder.IndexPath) ? JsonNode.Parse(File.ReadAllBytes(folder.IndexPath))!["manifests"]!.AsArray() : [];
        var tags = new Dictionary<string, string>();
        foreach (JsonNode? entry in entries)
        {
            tags.Add((string)entry!["annotations"]!["org.opencontainers.image.ref.name"]!, (string)entry["digest"]!);
            JsonNode manifest = JsonNode.Parse(Checked(folder, entry))!;
            foreach (JsonNode? blob in manifest["layers"]!.AsArray().Append(manifest["config"]))
            {
                Checked(folder, blob!);
            }
        }

        foreach (string path in folder.Blobs())
        {
            Assert.Equal(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
        }

        foreach (ChildWriter writer in writers)
        {
            CheckReported(writer, tags);
        }

        // Whoever writes next clears away what the dead left; nothing of it was ever under a final name.
        folder.Add("next:v1");
        Assert.Equal(["lock"], Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, ".bee")).Select(Path.GetFileName));
        Assert.Equal([".bee", "blobs", "index.json", "oci-layout"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
        Assert.All(folder.Store.List(), i => Assert.Null(i.Problem));
    }

    private static void CheckReported(ChildWriter writer, Dictionary<string, string> tags)
    {
        string[][] lines = [.. writer.Lines.Select(l => l.Split(' '))];
        HashSet<string> leaving = [.. lines.Where(l => l[0] == "removing").Select(l => l[1])];
        foreach (string[] line in lines)
        {
            if (line[0] == "added" && !leaving.Contains(line[1]))
            {
                Assert.Equal(line[2], tags[line[1]]);
            }
            else if (line[0] == "removed")
            {
                Assert.DoesNotContain(line[1], tags.Keys);
            }
        }
    }

    private static byte[] Checked(StoreFolder folder, JsonNode descriptor)
    {
        string digest = (string)descriptor["digest"]!;
        byte[] content = File.ReadAllBytes(folder.Blob(digest));
        Assert.Equal((long)descriptor["size"]!, content.Length);
        Assert.Equal(digest, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content)));
        return content;
    }
}
