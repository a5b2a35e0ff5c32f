using System.ComponentModel;
using System.Globalization;
using Bee.Posix;

namespace Bee.Toolchain.Tools;

/// <summary>What a build would use of the system, or why it would fail; nothing is built.</summary>
/// <param name="Path">Where it is; null where it is missing.</param>
/// <param name="Says">Its version, or what is wrong, as a sentence.</param>
/// <param name="Remedy">What to do where it is missing; else null.</param>
internal sealed record ToolFinding(string? Path, string Says, string? Remedy)
{
    private const string Header = "bpf/bpf_helpers.h";

    /// <summary>clang: the one in the environment's CLANG, else the newest on PATH.</summary>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static ToolFinding Clang(CancellationToken cancellationToken) => Find(() =>
    {
        var clang = Tools.Clang.Find(null, cancellationToken);
        return new ToolFinding(clang.Path, $"{clang.Version}.", null);
    });

    /// <summary>llvm-strip, which takes the debug information out of objects.</summary>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static ToolFinding Strip(CancellationToken cancellationToken) => Find(() => new ToolFinding(Tools.Clang.Find(null, cancellationToken).FindStrip(), "llvm-strip is there.", null));

    /// <summary>libbpf's headers, found as a build would find them.</summary>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static ToolFinding LibbpfHeaders(CancellationToken cancellationToken) => Find(() =>
    {
        var clang = Tools.Clang.Find(null, cancellationToken);
        // The preprocessor alone says which files it reads, as a rule of make: a target, and files with blanks and line ends between.
        var run = ToolProcess.Run(clang.Path, ["-target", "bpf", "-M", "-x", "c", "-include", Header, "/dev/null"], "/", cancellationToken);
        var found = run.Output.Split([' ', '\n', '\\'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(file => file.EndsWith(Header, StringComparison.Ordinal));
        return found is not null
            ? new ToolFinding(System.IO.Path.GetDirectoryName(found), $"clang finds {Header}.", null)
            : new ToolFinding(null, $"clang does not find {Header}.", Distribution.Current.Remedy(Component.LibbpfHeaders));
    });

    /// <summary>What to type to install libbpf on this distribution.</summary>
    public static string LibbpfRemedy => Distribution.Current.Remedy(Component.Libbpf);

    private static ToolFinding Find(Func<ToolFinding> look)
    {
        try
        {
            return look();
        }
        catch (ToolMissingException missing)
        {
            return new ToolFinding(null, missing.Message, missing.Remedy);
        }
        catch (Win32Exception fault)
        {
            return new ToolFinding(null, $"clang cannot be started: {fault.Message}.", Distribution.Current.Remedy(Component.Clang));
        }
    }
}

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
