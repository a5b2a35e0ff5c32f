using System.ComponentModel;
using System.Text.RegularExpressions;
using Bee.Posix;

namespace Bee.Toolchain.Tools;

/// <summary>A clang that can compile for BPF, and the llvm-strip that goes with it.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Major">Major version.</param>
/// <param name="Version">Its first line about itself.</param>
internal sealed partial record Clang(string Path, int Major, string Version)
{
    /// <summary>The first that writes the BTF and the relocations that bee.h and libbpf count on.</summary>
    internal const int Oldest = 12;

    /// <summary>The one asked for; else the one in the environment's CLANG; else the newest on PATH.</summary>
    /// <exception cref="ToolMissingException">There is none, or it is too old.</exception>
    internal static Clang Find(string? asked, CancellationToken cancellationToken)
    {
        // The variable may have come through sudo, and what it names may be anyone's; an argument is the caller's own word.
        var named = string.IsNullOrEmpty(asked) ? Environment.GetEnvironmentVariable("CLANG") : null;
        asked = string.IsNullOrEmpty(asked) ? named : asked;
        if (!string.IsNullOrEmpty(asked))
        {
            var path = SearchPath.Find(asked) ?? throw NotFound(asked, $"There is no program {asked}.");
            if (named is not null && !ProgramSearch.IsTrusted(path))
            {
                throw Untrusted(path);
            }

            return Check(Ask(path, cancellationToken) ?? throw Missing($"{path} is not clang."));
        }

        var newest = SearchPath.Versioned("clang").FirstOrDefault();
        var plain = SearchPath.Find("clang") is { } clang ? Ask(clang, cancellationToken) : null;
        if (newest.Path is not null && newest.Version > (plain?.Major ?? 0))
        {
            plain = Ask(newest.Path, cancellationToken) ?? plain;
        }

        return Check(plain ?? throw NotFound("clang", "There is no clang on PATH."));
    }

    /// <summary>Full path of llvm-strip: clang's own neighbour where there is one, so that its version is clang's.</summary>
    /// <exception cref="ToolMissingException">There is none.</exception>
    internal string FindStrip()
    {
        var target = File.ResolveLinkTarget(Path, returnFinalTarget: true)?.FullName ?? Path;
        return new[] { target, Path }
                .Select(clang => SearchPath.Find(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(clang)!, "llvm-strip")))
                .FirstOrDefault(path => path is not null)
            ?? SearchPath.Find($"llvm-strip-{Major}")
            ?? SearchPath.Find("llvm-strip")
            ?? SearchPath.Versioned("llvm-strip").FirstOrDefault().Path
            ?? throw Distribution.Current.Missing("llvm-strip", Component.Llvm, "There is no llvm-strip on PATH, which takes the debug information out of the object.");
    }

    private static ToolMissingException NotFound(string name, string message) =>
        !name.Contains('/') && ProgramSearch.FindUntrusted(name) is { } path ? Untrusted(path) : Missing(message);

    private static ToolMissingException Untrusted(string path) =>
        Missing($"{path} is not run: it, or a folder on the way to it, belongs to another user or can be written by others.");

    private static Clang Check(Clang clang) => clang.Major >= Oldest
        ? clang
        : throw Missing($"{clang.Path} is {clang.Version}; Bee needs {Oldest} or later.");

    private static ToolMissingException Missing(string message) => Distribution.Current.Missing("clang", Component.Clang, message);

    private static Clang? Ask(string path, CancellationToken cancellationToken)
    {
        try
        {
            var run = ToolProcess.Run(path, ["--version"], null, cancellationToken);
            var match = VersionLine().Match(run.Output);
            return match.Success ? new Clang(path, int.Parse(match.Groups["major"].ValueSpan), match.Value.Trim()) : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^.*clang version (?<major>\d{1,4})\..*$", RegexOptions.Multiline)]
    private static partial Regex VersionLine();
}
