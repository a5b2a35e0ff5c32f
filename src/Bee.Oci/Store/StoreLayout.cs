using Bee.Oci.Json;

namespace Bee.Oci.Store;

/// <summary>The directories and fixed files of a store, and how they come into being.</summary>
internal sealed class StoreLayout(string path)
{
    /// <summary>The version of the layout that Bee writes.</summary>
    public const string Version = "1.0.0";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string PrivatePath { get; } = Path.Combine(path, LayoutFiles.PrivateName);

    public string LockPath => Path.Combine(PrivatePath, "lock");

    public string BlobsPath { get; } = Path.Combine(path, LayoutFiles.BlobsName, LayoutFiles.AlgorithmName);

    /// <summary>Refuses to read a directory that is something else, or a layout of a version to come.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.NotAStore"/>.</exception>
    public static void Check(LayoutFiles files, string path)
    {
        if (files.ReadLayout() is { } content)
        {
            CheckVersion(content, path);
        }
        else if (Directory.EnumerateFileSystemEntries(path).Any() && !files.Has(LayoutFiles.PrivateName))
        {
            // A store that is just being made gets Bee's own directory first: so anything there, and then still not that, is a stranger's.
            throw new StoreException(StoreFault.NotAStore, $"'{path}' is a directory with something else than images in it.");
        }
    }

    /// <summary>Refuses a layout of a version to come.</summary>
    /// <param name="content">The file <c>oci-layout</c>.</param>
    /// <param name="path">Whose it is, for messages.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.NotAStore"/>.</exception>
    public static void CheckVersion(byte[] content, string path)
    {
        string? version = OciJson.Read(content, OciJson.Canonical.LayoutDocument, StoreFault.NotAStore, $"file {LayoutFiles.LayoutName} of '{path}'").Version;
        if (version?.StartsWith("1.", StringComparison.Ordinal) != true)
        {
            throw new StoreException(StoreFault.NotAStore, $"'{path}' is an OCI image layout of version '{Printable.Text(version ?? "")}'; Bee knows {Version}.");
        }
    }

    /// <summary>Makes what is needed to take the lock. Refuses to settle in a directory that is used for something else.</summary>
    public void Prepare()
    {
        Make(path);
        using (LayoutFiles files = LayoutFiles.Open(path, null)
            ?? throw new StoreException(StoreFault.Io, $"The image store '{path}' was removed while it was made."))
        {
            Check(files, path);
        }

        Make(PrivatePath);
    }

    /// <summary>Makes the rest of a new layout. Only under the lock.</summary>
    public void Complete()
    {
        bool isNew = !Directory.Exists(BlobsPath);
        Make(BlobsPath);
        if (!File.Exists(Path.Combine(path, LayoutFiles.LayoutName)))
        {
            Replace(LayoutFiles.LayoutName, OciJson.Write(new LayoutDocument { Version = Version }, OciJson.Canonical.LayoutDocument));
        }

        if (!File.Exists(Path.Combine(path, LayoutFiles.IndexName)))
        {
            Replace(LayoutFiles.IndexName, StoreIndex.Parse(null).ToBytes());
        }

        if (isNew)
        {
            TemporaryFile.SynchronizeDirectory(Path.Combine(path, LayoutFiles.BlobsName));
        }
    }

    /// <summary>Replaces a file of the layout so that whoever reads sees the old or the new one whole. Only under the lock.</summary>
    public void Replace(string name, byte[] content)
    {
        using TemporaryFile file = TemporaryFile.Write(PrivatePath, content);
        file.MoveTo(Path.Combine(path, name));
        TemporaryFile.SynchronizeDirectory(path);
    }

    private static void Make(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new StoreException(StoreFault.Io, "An image store needs Linux.");
        }

        // .NET gives the mode to the last directory only, and to those above it what the umask leaves.
        if (!Directory.Exists(directory))
        {
            if (Path.GetDirectoryName(directory) is { } above)
            {
                Make(above);
            }

            Directory.CreateDirectory(directory, OwnerOnly);
        }
    }
}
