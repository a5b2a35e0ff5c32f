using System.Globalization;
using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>The programs on PATH.</summary>
internal static class SearchPath
{
    /// <summary>Full path of a program given as a path or as a name on PATH; null when there is none that can be run.</summary>
    internal static string? Find(string program)
    {
        if (program.Contains('/'))
        {
            return ProgramSearch.IsProgram(program) ? Path.GetFullPath(program) : null;
        }

        return ProgramSearch.Find(program);
    }

    /// <summary>All <c>name-NN</c> on PATH with their number, highest first.</summary>
    internal static IEnumerable<(int Version, string Path)> Versioned(string name)
    {
        var found = new List<(int Version, string Path)>();
        foreach (var folder in ProgramSearch.Folders)
        {
            try
            {
                foreach (var path in Directory.EnumerateFiles(folder, name + "-*"))
                {
                    if (int.TryParse(Path.GetFileName(path.AsSpan())[(name.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                        && ProgramSearch.IsProgram(path) && ProgramSearch.IsTrusted(path))
                    {
                        found.Add((version, path));
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // PATH may name folders that are not there.
            }
        }

        return found.OrderByDescending(item => item.Version);
    }
}
