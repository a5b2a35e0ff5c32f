using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;

namespace Bee.Containers.Tests;

/// <summary>An image of busybox that sleeps, as an archive of the OCI image layout.</summary>
internal static class ContainerImage
{
    /// <summary>Writes the archive.</summary>
    /// <param name="path">The path of the archive.</param>
    /// <param name="name">The name of the image.</param>
    /// <param name="labels">The labels of the image, as members of a JSON object.</param>
    public static void Write(string path, string name, string labels = "")
    {
        using var writer = new TarWriter(File.Create(path));
        string layer = Blob(writer, Layer());
        string architecture = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
        string config = Blob(writer, Encoding.UTF8.GetBytes($$$"""
            {"architecture":"{{{architecture}}}","os":"linux","config":{"Cmd":["/bin/sleep","1000"],"Labels":{{{{labels}}}}},"rootfs":{"type":"layers","diff_ids":[{{{layer[..layer.IndexOf(',')]}}}]}}
            """));
        string manifest = Blob(writer, Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":{{{config}}}},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":{{{layer}}}}]}
            """));
        Entry(writer, "oci-layout", Encoding.UTF8.GetBytes("""{"imageLayoutVersion":"1.0.0"}"""));
        Entry(writer, "index.json", Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":{{{manifest}}},"annotations":{"io.containerd.image.name":"{{{name}}}"}}]}
            """));
    }

    private static byte[] Layer()
    {
        using var stream = new MemoryStream();
        using (var layer = new TarWriter(stream, leaveOpen: true))
        {
            Entry(layer, "bin/busybox", File.ReadAllBytes("/bin/busybox"));
            layer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/sleep") { LinkName = "busybox" });
        }

        return stream.ToArray();
    }

    // Returns the digest and the size, as members of a descriptor.
    private static string Blob(TarWriter writer, byte[] content)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData(content));
        Entry(writer, $"blobs/sha256/{digest}", content);
        return $"\"sha256:{digest}\",\"size\":{content.Length}";
    }

    private static void Entry(TarWriter writer, string name, byte[] content) =>
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = (UnixFileMode)0b111_101_101, DataStream = new MemoryStream(content) });
}
