using System.Globalization;
using Bee.Posix;

namespace Bee.Telemetry.Captures;

/// <summary>The names of the files of a capture: the given one, or with a limit of size numbered ones, <c>trace.1.beecap</c>, <c>trace.2.beecap</c>.</summary>
internal sealed class CaptureNames
{
    private readonly string _path;
    private readonly bool _isNumbered;

    public CaptureNames(CaptureOptions options)
    {
        _path = Path.GetFullPath(options.Path);
        _isNumbered = options.MaxSize is not null;
    }

    private string Folder => Path.GetDirectoryName(_path)!;

    private string Stem => Path.GetFileNameWithoutExtension(_path);

    /// <summary>The path of a file.</summary>
    /// <param name="number">Its number, from 1.</param>
    public string Of(int number) => _isNumbered ? Path.Combine(Folder, $"{Stem}.{number.ToString(CultureInfo.InvariantCulture)}{Path.GetExtension(_path)}") : _path;

    /// <summary>The path, or a pattern with a wildcard that all files of the capture match.</summary>
    public string Pattern => _isNumbered ? Path.Combine(Folder, $"{Stem}.*{Path.GetExtension(_path)}") : _path;

    /// <summary>Refuses names that cannot be written, or are taken and not to be replaced.</summary>
    /// <param name="replace">Whether captures that exist are replaced.</param>
    /// <exception cref="CaptureException"><see cref="CaptureFault.Exists"/>, <see cref="CaptureFault.CannotCreate"/>.</exception>
    public void Check(bool replace)
    {
        if (Path.GetFileName(_path).Length == 0 || FileStatus.Of(_path) is { IsFolder: true })
        {
            throw Refuse($"'{_path}' is a folder");
        }

        if (FileStatus.Of(Folder) is not { IsFolder: true })
        {
            throw Refuse($"the folder '{Folder}' does not exist");
        }

        foreach (string taken in Taken())
        {
            // As root, the file would take the place of a device; a link may lead to one.
            if (FileStatus.Of(taken, followLink: false) is { IsRegular: false } other)
            {
                throw Refuse($"'{taken}' is {other.Kind}, not a regular file");
            }

            if (!replace)
            {
                throw new CaptureException(CaptureFault.Exists, $"The capture '{taken}' exists.", "Give another name, or remove it.");
            }
        }
    }

    /// <summary>Removes the captures that exist under the names.</summary>
    public void Clear()
    {
        foreach (string taken in Taken())
        {
            File.Delete(taken);
        }
    }

    private IEnumerable<string> Taken()
    {
        if (!_isNumbered)
        {
            return FileStatus.Of(_path, followLink: false) is null ? [] : [_path];
        }

        string extension = Path.GetExtension(_path);
        return Directory.EnumerateFileSystemEntries(Folder).Where(path => Path.GetFileName(path) is var name
            && name.Length > Stem.Length + 1 + extension.Length && name.StartsWith($"{Stem}.", StringComparison.Ordinal) && name.EndsWith(extension, StringComparison.Ordinal)
            && !name.AsSpan()[(Stem.Length + 1)..^extension.Length].ContainsAnyExceptInRange('0', '9')).ToList();
    }

    private CaptureException Refuse(string reason) => new(CaptureFault.CannotCreate, $"The capture '{_path}' cannot be created: {reason}.", "Give the path of a file that does not exist, in a folder that does.");
}
