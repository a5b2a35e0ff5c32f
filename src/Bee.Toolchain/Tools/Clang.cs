using System.ComponentModel;
using System.Text.RegularExpressions;
using Bee.Posix;

namespace Bee.Toolchain.Tools;

/// <summary>A clang that can compile for BPF, and its llvm-strip.</summary>
/// <param name="Path">The full path.</param>
/// <param name="Major">The major version.</param>
/// <param name="Version">The first line of its version output.</param>
internal sealed partial record Clang(string Path, int Major, string Version)
{
    /// <summary>The first version that writes the BTF and the relocations that bee.h and libbpf need.</summary>
    internal const int Oldest = 12;

    /// <summary>Returns the requested clang; else the one in the environment variable CLANG; else the newest on PATH.</summary>
    /// <exception cref="ToolMissingException">No clang is installed, or it is too old.</exception>
    internal static Clang Find(string? asked, CancellationToken cancellationToken)
    {
        // The variable may have passed through sudo and name another user's file. An argument comes from the caller.
        var named = string.IsNullOrEmpty(asked) ? Environment.GetEnvironmentVariable("CLANG") : null;
        asked = string.IsNullOrEmpty(asked) ? named : asked;
        if (!string.IsNullOrEmpty(asked))
        {
            var path = SearchPath.Find(asked) ?? throw NotFound(asked, $"The program {asked} does not exist.");
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

        return Check(plain ?? throw NotFound("clang", "PATH contains no clang."));
    }

    /// <summary>Returns the full path of llvm-strip: preferably the one next to clang, which has the same version.</summary>
    /// <exception cref="ToolMissingException">llvm-strip is not installed.</exception>
    internal string FindStrip()
    {
        var target = File.ResolveLinkTarget(Path, returnFinalTarget: true)?.FullName ?? Path;
        return new[] { target, Path }
                .Select(clang => SearchPath.Find(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(clang)!, "llvm-strip")))
                .FirstOrDefault(path => path is not null)
            ?? SearchPath.Find($"llvm-strip-{Major}")
            ?? SearchPath.Find("llvm-strip")
            ?? SearchPath.Versioned("llvm-strip").FirstOrDefault().Path
            ?? throw Distribution.Current.Missing("llvm-strip", Component.Llvm, "PATH contains no llvm-strip, which removes the debug information from the object.");
    }

    private static ToolMissingException NotFound(string name, string message) =>
        !name.Contains('/') && ProgramSearch.FindUntrusted(name) is { } path ? Untrusted(path) : Missing(message);

    private static ToolMissingException Untrusted(string path) =>
        Missing($"Refusing to run {path}: another user owns or can write the file or a folder above it.");

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
