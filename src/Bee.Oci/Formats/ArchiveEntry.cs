namespace Bee.Oci.Formats;

/// <summary>A file or directory of an archive.</summary>
/// <param name="Name">Its path, relative and without <c>.</c> and <c>..</c>; empty for the archive's own root.</param>
/// <param name="IsDirectory">Whether it is a directory, which has no content.</param>
/// <param name="Size">Bytes of its content.</param>
/// <param name="Offset">Where in the archive the content begins.</param>
internal sealed record ArchiveEntry(string Name, bool IsDirectory, long Size, long Offset);
