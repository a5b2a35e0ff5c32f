using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Cmdlets.Fleet;

/// <summary>A tool as the bytes of an OCI archive, for hosts that have neither the image nor a login for its registry.</summary>
/// <param name="Name">The tool's short name.</param>
/// <param name="Bytes">The archive.</param>
internal sealed record ToolArchive(string Name, ReadOnlyMemory<byte> Bytes)
{
    // Images hold one object of at most 64 MiB for each platform, and their signatures.
    private const int MostBytes = 512 << 20;

    /// <summary>Resolves a tool here, once for all hosts, and writes its archive. A source is compiled, and an image pulled and verified as if it ran here.</summary>
    /// <param name="tools">Resolves the tool.</param>
    /// <param name="local">The local images.</param>
    /// <param name="verifier">Verifies files.</param>
    /// <param name="program">As for <see cref="ToolResolver.Resolve"/>.</param>
    /// <param name="image">As for <see cref="ToolResolver.Resolve"/>.</param>
    /// <param name="fullPath">Makes a path absolute.</param>
    /// <returns>The archive; null if the source does not compile, which has been reported.</returns>
    public static ToolArchive? Of(ToolResolver tools, LocalImages local, ImageVerifier verifier, string program, Image? image, Func<string, string> fullPath)
    {
        if (tools.FindImage(program, image) is { } found)
        {
            tools.Check(found);
            return new ToolArchive(ImageNames.ShortName(found.Reference), Export(local.Stores, found));
        }

        verifier.RefuseIfRequired($"the file {program}");
        if (tools.FromFile(fullPath(program)) is not { } tool)
        {
            return null;
        }

        string folder = PrivateFolder.Make("bee-fleet-");
        try
        {
            var stores = new ImageStores(folder);
            Image packed = stores.Own.Add(new ImageContent { Program = tool.File.Bytes.ToArray(), Config = ImageConfigs.From(tool.File), Platform = Platform.Host }, ImageNames.FromFile(fullPath(program)));
            return new ToolArchive(tool.Name, Export(stores, packed));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Reads an archive into a store of its own.</summary>
    /// <param name="archive">The archive, from another machine.</param>
    /// <param name="store">The store, which is empty.</param>
    /// <param name="wait">Waits for the work.</param>
    /// <returns>The image in the store, not verified yet.</returns>
    /// <exception cref="StoreException">The archive is damaged.</exception>
    public static Image Import(ReadOnlyMemory<byte> archive, ImageStore store, PipelineWait wait)
    {
        SafeFileHandle file = ScratchFile.Open();
        RandomAccess.Write(file, archive.Span, 0);
        return wait.Wait(async cancellationToken =>
        {
            using var layout = ImageLayout.Open(file, "the tool's archive", cancellationToken);
            LayoutImage one = layout.Images is [var only] ? only : throw new StoreException(StoreFault.BadArchive, $"The tool's archive has {layout.Images.Count} images instead of one.");
            ImageReference name = one.Name ?? ImageReference.Parse($"tool:{one.Tag ?? ImageReference.DefaultTag}");
            TransferResult result = await new ImageTransfer(new TransferOptions { Referrers = true, Note = wait.Note })
                .PullAsync(layout.Repository(name.Name), one.Descriptor.Digest.ToString(), store, name, cancellationToken).ConfigureAwait(false);
            return result.Image!;
        });
    }

    private static byte[] Export(ImageStores stores, Image image)
    {
        var archive = new MemoryStream();
        stores.Export([image], archive);
        return archive.Length <= MostBytes ? archive.ToArray() : throw new StoreException(StoreFault.TooLarge, $"{image.Reference} is an archive of {archive.Length} bytes, and {MostBytes} is the limit.");
    }
}

/// <summary>The parameters of a work as CLIXML: a hashtable of plain values.</summary>
internal static class AgentParameters
{
    private const int Depth = 12;

    /// <summary>Encodes parameters. Null values are left out.</summary>
    public static string Encode(IReadOnlyDictionary<string, object?> parameters)
    {
        var table = new Hashtable();
        foreach ((string name, object? value) in parameters)
        {
            if (value is not null)
            {
                table[name] = value;
            }
        }

        return PSSerializer.Serialize(table, Depth);
    }

    /// <summary>Decodes parameters. Lists become arrays.</summary>
    public static IReadOnlyDictionary<string, object?> Decode(string text) =>
        Plain(PSSerializer.Deserialize(text)) is Hashtable table ? table.Cast<DictionaryEntry>().ToDictionary(one => $"{one.Key}", one => one.Value, StringComparer.OrdinalIgnoreCase) : new Dictionary<string, object?>();

    /// <summary>Returns the properties of an options record, by name. Objects of this process are left out.</summary>
    public static Dictionary<string, object?> Of<T>(T options) => Plain(typeof(T)).ToDictionary(one => one.Name, one => one.GetValue(options));

    /// <summary>Creates an options record from properties by name. Others are ignored.</summary>
    public static T To<T>(IReadOnlyDictionary<string, object?> parameters)
        where T : new()
    {
        var options = new T();
        foreach (PropertyInfo property in Plain(typeof(T)))
        {
            if (parameters.TryGetValue(property.Name, out object? value) && value is not null)
            {
                property.SetValue(options, LanguagePrimitives.ConvertTo(value, property.PropertyType, CultureInfo.InvariantCulture));
            }
        }

        return options;
    }

    private static IEnumerable<PropertyInfo> Plain(Type options) =>
        options.GetProperties().Where(one => one.CanWrite && (one.PropertyType.IsValueType || one.PropertyType == typeof(string) || one.PropertyType == typeof(string[]) || one.PropertyType == typeof(IDictionary)));

    private static object? Plain(object? value)
    {
        switch (value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value)
        {
            case IDictionary table:
                var plain = new Hashtable(StringComparer.OrdinalIgnoreCase);
                foreach (DictionaryEntry one in table)
                {
                    plain[Plain(one.Key)!] = Plain(one.Value);
                }

                return plain;
            // An IPAddress, a PhysicalAddress or a FileInfo: its text is a value too.
            case PSObject { BaseObject: PSCustomObject } bag when bag.TypeNames is [var type, ..] && type.StartsWith("Deserialized.", StringComparison.Ordinal) && !type.EndsWith(nameof(PSCustomObject), StringComparison.Ordinal):
                return bag.ToString();
            case ArrayList list:
                return list.Cast<object?>().Select(Plain).ToArray();
            case var other:
                return other;
        }
    }
}
