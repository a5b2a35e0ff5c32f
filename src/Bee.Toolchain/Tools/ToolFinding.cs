using System.ComponentModel;
using System.Globalization;
using Bee.Posix;

namespace Bee.Toolchain.Tools;

/// <summary>A tool that a build would use, or why the build would fail. Nothing is built.</summary>
/// <param name="Path">The path of the tool; null if it is missing.</param>
/// <param name="Message">The version, or the problem, as a sentence.</param>
/// <param name="Remedy">How to install the tool if it is missing; otherwise null.</param>
internal sealed record ToolFinding(string? Path, string Message, string? Remedy)
{
    private const string Header = "bpf/bpf_helpers.h";

    /// <summary>Finds clang: the one in the environment variable CLANG, else the newest on PATH.</summary>
    /// <param name="cancellationToken">Cancels the search.</param>
    public static ToolFinding Clang(CancellationToken cancellationToken) => Find(() =>
    {
        var clang = Tools.Clang.Find(null, cancellationToken);
        return new ToolFinding(clang.Path, $"{clang.Version}.", null);
    });

    /// <summary>Finds llvm-strip, which removes debug information from objects.</summary>
    /// <param name="cancellationToken">Cancels the search.</param>
    public static ToolFinding Strip(CancellationToken cancellationToken) => Find(() => new ToolFinding(Tools.Clang.Find(null, cancellationToken).FindStrip(), "llvm-strip is installed.", null));

    /// <summary>Finds libbpf's headers, in the same way as a build.</summary>
    /// <param name="cancellationToken">Cancels the search.</param>
    public static ToolFinding LibbpfHeaders(CancellationToken cancellationToken) => Find(() =>
    {
        var clang = Tools.Clang.Find(null, cancellationToken);
        // The preprocessor alone lists the files that it reads, as a make rule: a target, and files separated by spaces and line breaks.
        var run = ToolProcess.Run(clang.Path, ["-target", "bpf", "-M", "-x", "c", "-include", Header, "/dev/null"], "/", cancellationToken);
        var found = run.Output.Split([' ', '\n', '\\'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(file => file.EndsWith(Header, StringComparison.Ordinal));
        return found is not null
            ? new ToolFinding(System.IO.Path.GetDirectoryName(found), $"clang finds {Header}.", null)
            : new ToolFinding(null, $"clang does not find {Header}.", Distribution.Current.Remedy(Component.LibbpfHeaders));
    });

    /// <summary>How to install libbpf on this distribution.</summary>
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

/// <summary>Searches PATH for programs.</summary>
internal static class SearchPath
{
    /// <summary>Returns the full path of a program, from a path or a name on PATH; null if it does not exist or is not executable.</summary>
    internal static string? Find(string program)
    {
        if (program.Contains('/'))
        {
            return ProgramSearch.IsProgram(program) ? Path.GetFullPath(program) : null;
        }

        return ProgramSearch.Find(program);
    }

    /// <summary>Returns all <c>name-NN</c> on PATH with their number, highest first.</summary>
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
                // PATH may name folders that do not exist.
            }
        }

        return found.OrderByDescending(item => item.Version);
    }
}
