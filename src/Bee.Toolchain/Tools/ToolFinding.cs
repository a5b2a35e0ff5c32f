using System.ComponentModel;

namespace Bee.Toolchain;

/// <summary>What a build would use of the system, or why it would fail; nothing is built.</summary>
/// <param name="Path">Where it is; null where it is missing.</param>
/// <param name="Says">Its version, or what is wrong, as a sentence.</param>
/// <param name="Remedy">What to do where it is missing; else null.</param>
public sealed record ToolFinding(string? Path, string Says, string? Remedy)
{
    private const string Header = "bpf/bpf_helpers.h";

    /// <summary>clang: the one in the environment's CLANG, else the newest on PATH.</summary>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static ToolFinding Clang(CancellationToken cancellationToken) => Find(() =>
    {
        var clang = Bee.Toolchain.Clang.Find(null, cancellationToken);
        return new ToolFinding(clang.Path, $"{clang.Version}.", null);
    });

    /// <summary>llvm-strip, which takes the debug information out of objects.</summary>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static ToolFinding Strip(CancellationToken cancellationToken) => Find(() => new ToolFinding(Bee.Toolchain.Clang.Find(null, cancellationToken).FindStrip(), "llvm-strip is there.", null));

    /// <summary>libbpf's headers, found as a build would find them.</summary>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static ToolFinding LibbpfHeaders(CancellationToken cancellationToken) => Find(() =>
    {
        var clang = Bee.Toolchain.Clang.Find(null, cancellationToken);
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
