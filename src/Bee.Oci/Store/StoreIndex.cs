using System.Text.Json;
using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>The layout's <c>index.json</c>: which images there are and what they are called. Keys and entries of other tools are kept.</summary>
internal sealed class StoreIndex
{
    private readonly ManifestDocument _document;

    private StoreIndex(ManifestDocument document) => _document = document;

    /// <summary>The entries, without those that are JSON's null.</summary>
    public IEnumerable<DescriptorDocument> Entries => _document.Manifests!.OfType<DescriptorDocument>();

    /// <summary>Reads the index; an absent one has no entries.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedIndex"/>.</exception>
    public static StoreIndex Parse(byte[]? content)
    {
        ManifestDocument document = content is null
            ? new ManifestDocument { MediaType = MediaTypes.ImageIndex }
            : OciJson.Read(content, OciJson.Canonical.ManifestDocument, StoreFault.DamagedIndex, $"image store's {LayoutFiles.IndexName}");
        document.Manifests ??= [];
        return new StoreIndex(document);
    }

    /// <summary>The file's content.</summary>
    /// <exception cref="StoreException">An entry of another tool cannot be kept: it has text that is none, such as half of a surrogate pair.</exception>
    public byte[] ToBytes()
    {
        try
        {
            return OciJson.Write(_document, OciJson.Canonical.ManifestDocument);
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException)
        {
            throw new StoreException(StoreFault.DamagedIndex, $"The image store's {LayoutFiles.IndexName} cannot be changed: {e.Message}", e);
        }
    }

    /// <summary>
    /// Gives an image a name, taking it from whatever had it. When the image has the name already, its entry stays as it is and so keeps
    /// the date of its first adding; false then.
    /// </summary>
    public bool Set(string name, DescriptorDocument entry)
    {
        if (Entries.Where(e => e.ReferenceName == name).ToList() is [var only] && only.Digest == entry.Digest)
        {
            return false;
        }

        _document.Manifests!.RemoveAll(e => e?.ReferenceName == name);

        // A dictionary of its own: a copied entry shares the other's.
        entry.Annotations = new(entry.Annotations ?? []) { [AnnotationKeys.ReferenceName] = name };
        entry.Annotations.Remove(AnnotationKeys.ContainerdName);
        _document.Manifests.Add(entry);
        return true;
    }

    /// <summary>Takes entries out.</summary>
    public void Remove(IReadOnlyCollection<DescriptorDocument> entries) => _document.Manifests!.RemoveAll(e => e is not null && entries.Contains(e));
}
