using System.Globalization;
using Bee.Posix;

namespace Bee.Telemetry.Captures;

/// <summary>Names the files of a capture: the given name, or with a size limit numbered names such as <c>trace.1.beecap</c> and <c>trace.2.beecap</c>.</summary>
/// <remarks>The folder is opened once, and all files are opened relative to it. A user who renames a folder on the path cannot redirect a capture that root writes.</remarks>
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

    /// <summary>Returns the name of a file in the folder.</summary>
    /// <param name="number">The number of the file, from 1.</param>
    public string Of(int number) => _isNumbered ? $"{Stem}.{number.ToString(CultureInfo.InvariantCulture)}{Path.GetExtension(_path)}" : Path.GetFileName(_path);

    /// <summary>Returns the path of a name, for messages.</summary>
    public string PathOf(string name) => Path.Combine(FolderPath, name);

    /// <summary>The path, or a wildcard pattern that matches all files of the capture.</summary>
    public string Pattern => _isNumbered ? $"{Escape(Path.Combine(FolderPath, Stem))}.*{Escape(Path.GetExtension(_path))}" : _path;

    /// <summary>Checks that the files can be created, and that none exists unless it may be replaced.</summary>
    /// <param name="replace">Whether existing captures are replaced.</param>
    /// <exception cref="CaptureException"><see cref="CaptureFault.Exists"/>, <see cref="CaptureFault.InUse"/>, <see cref="CaptureFault.CannotCreate"/>.</exception>
    public void Check(bool replace)
    {
        if (Path.GetFileName(_path).Length == 0)
        {
            throw Refuse($"'{_path}' is a folder");
        }

        foreach (string taken in Taken())
        {
            // Refuses device nodes and links to them: as root, the capture would replace the device.
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

    /// <summary>Removes existing captures under the numbered names, except the first.</summary>
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

    /// <summary>Creates the exception for a path that exists.</summary>
    public static CaptureException Exists(string path) => new(CaptureFault.Exists, $"The capture '{path}' exists.", "Choose another name, or remove the file.");

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

    // Escapes as WildcardPattern.Escape does, because cmdlets use the pattern.
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
