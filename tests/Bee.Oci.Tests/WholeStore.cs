using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Bee.Oci.Tests;

/// <summary>Checks a store after processes have written to it and exited or were killed.</summary>
internal static class WholeStore
{
    /// <summary>Checks the store's files without Bee's code: all referenced blobs exist and match their digests, and all reported images are in the index.</summary>
    public static void Check(StoreFolder folder, IReadOnlyCollection<ChildWriter> writers)
    {
        // A process that is killed at its start may leave no files.
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

        // The next writer deletes the temporary files of killed ones. None of them ever had a final name.
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
