using System.Globalization;
using Bee.Posix;

namespace Bee.Telemetry.Captures;

/// <summary>The names of the files of a capture: the given one, or with a limit of size numbered ones, <c>trace.1.beecap</c>, <c>trace.2.beecap</c>.</summary>
/// <remarks>The folder is opened once, and everything happens relative to it: who may rename a folder on the path leads a capture of root nowhere else.</remarks>
internal sealed class CaptureNames : IDisposable
{
    private readonly string _path;
    private readonly bool _isNumbered;
    private Folder? _folder;

    public CaptureNames(CaptureOptions options)
    {
        _path = Path.GetFullPath(options.Path);
        _isNumbered = options.MaxSize is not null;
    }

    private string FolderPath => Path.GetDirectoryName(_path) ?? _path;

    /// <summary>The folder of the files.</summary>
    /// <exception cref="CaptureException"><see cref="CaptureFault.CannotCreate"/>.</exception>
    public Folder Folder => _folder ??= Open();

    private string Stem => Path.GetFileNameWithoutExtension(_path);

    /// <summary>The name of a file in the folder.</summary>
    /// <param name="number">Its number, from 1.</param>
    public string Of(int number) => _isNumbered ? $"{Stem}.{number.ToString(CultureInfo.InvariantCulture)}{Path.GetExtension(_path)}" : Path.GetFileName(_path);

    /// <summary>The path of a name, for messages.</summary>
    public string PathOf(string name) => Path.Combine(FolderPath, name);

    /// <summary>The path, or a pattern with a wildcard that all files of the capture match.</summary>
    public string Pattern => _isNumbered ? $"{Escape(Path.Combine(FolderPath, Stem))}.*{Escape(Path.GetExtension(_path))}" : _path;

    /// <summary>Refuses names that cannot be written, or are taken and not to be replaced.</summary>
    /// <param name="replace">Whether captures that exist are replaced.</param>
    /// <exception cref="CaptureException"><see cref="CaptureFault.Exists"/>, <see cref="CaptureFault.InUse"/>, <see cref="CaptureFault.CannotCreate"/>.</exception>
    public void Check(bool replace)
    {
        if (Path.GetFileName(_path).Length == 0)
        {
            throw Refuse($"'{_path}' is a folder");
        }

        foreach (string taken in Taken())
        {
            // As root, the file would take the place of a device; a link may lead to one.
            if (Folder.StatusOf(taken) is { IsRegular: false } other)
            {
                throw Refuse($"'{PathOf(taken)}' is {other.Kind}, not a regular file");
            }

            if (!replace)
            {
                throw Exists(PathOf(taken));
            }

            if (CaptureLock.IsTaken(Folder, taken))
            {
                throw new CaptureException(CaptureFault.InUse, $"The capture '{PathOf(taken)}' is still being written.", "End the recording first, or give another name.");
            }
        }
    }

    /// <summary>Removes the captures that exist under the names, but for the first file's.</summary>
    public void ClearOthers()
    {
        foreach (string taken in Taken())
        {
            if (taken != Of(1) && Folder.StatusOf(taken) is { IsRegular: true })
            {
                Folder.Delete(taken);
            }
        }
    }

    /// <summary>The error of a path that is taken.</summary>
    public static CaptureException Exists(string path) => new(CaptureFault.Exists, $"The capture '{path}' exists.", "Give another name, or remove it.");

    /// <inheritdoc/>
    public void Dispose() => _folder?.Dispose();

    private Folder Open()
    {
        try
        {
            return Folder.Open(FolderPath) ?? throw Refuse($"the folder '{FolderPath}' does not exist");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refuse(e is PosixException { IsNotFolder: true } ? $"'{FolderPath}' is not a folder" : e.Message.TrimEnd('.'));
        }
    }

    // As WildcardPattern.Escape: the pattern is for cmdlets.
    private static string Escape(string text) => string.Concat(text.Select(c => c is '*' or '?' or '[' or ']' or '`' ? $"`{c}" : $"{c}"));

    private IReadOnlyList<string> Taken()
    {
        if (!_isNumbered)
        {
            return Folder.StatusOf(Of(1)) is null ? [] : [Of(1)];
        }

        string extension = Path.GetExtension(_path);
        return Folder.Names().Where(name => name.Length > Stem.Length + 1 + extension.Length && name.StartsWith($"{Stem}.", StringComparison.Ordinal) && name.EndsWith(extension, StringComparison.Ordinal)
            && !name.AsSpan()[(Stem.Length + 1)..^extension.Length].ContainsAnyExceptInRange('0', '9')).ToList();
    }

    private CaptureException Refuse(string reason) => new(CaptureFault.CannotCreate, $"The capture '{_path}' cannot be created: {reason}.", "Give the path of a file that does not exist, in a folder that does.");
}
