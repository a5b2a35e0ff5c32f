using System.ComponentModel;
using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>Compiles C to a BPF object with clang.</summary>
public static class Compiler
{
    /// <summary>How clang shall write its diagnostics: one line each, without colour, source lines or wrapping.</summary>
    private static readonly string[] s_messageFlags =
        ["-fno-color-diagnostics", "-fno-caret-diagnostics", "-fmessage-length=0", "-fdiagnostics-parseable-fixits"];

    /// <summary>Compiles, and links where there are several sources. Mistakes in a source are diagnostics in the result, not exceptions.</summary>
    /// <param name="request">What to compile and how.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    /// <returns>The object and what clang said of every source.</returns>
    /// <exception cref="FileNotFoundException">There is no such source file.</exception>
    /// <exception cref="NotRegularFileException">A source is a pipe, a device or a folder.</exception>
    /// <exception cref="ArgumentException">libbpf does not know the architecture.</exception>
    /// <exception cref="ToolMissingException">clang, llvm-strip or libbpf is not there, or clang is older than 12.</exception>
    /// <exception cref="KernelBtfException">There is no kernel BTF, or the file given has none that is sound.</exception>
    /// <exception cref="Bee.Ebpf.Interop.BpfLoadException">There are several sources, and no libbpf to link them.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static CompileResult Compile(CompileRequest request, CancellationToken cancellationToken)
    {
        string[] sources = [.. request.LinkedSources.Prepend(request.Source).Select(Path.GetFullPath)];
        foreach (var source in sources)
        {
            RegularFile.Require(source);
        }

        var clang = Clang.Find(request.ClangPath, cancellationToken);
        var strip = clang.FindStrip();
        var header = VmlinuxHeader.For(request.VmlinuxBtf, TargetArchitecture.Name(request.Architecture));
        var work = new DirectoryInfo(PrivateFolder.Make("bee-"));
        try
        {
            var diagnostics = new List<Diagnostic>();
            var objects = new List<string>();
            IReadOnlyList<string> stable = [];
            for (var i = 0; i < sources.Length; i++)
            {
                var folder = Path.GetDirectoryName(sources[i])!;
                var flags = new CompilerFlags(request, folder, Path.GetDirectoryName(header.Path)!);
                stable = flags.Stable;
                objects.Add(Path.Combine(work.CreateSubdirectory($"{i}").FullName, Path.ChangeExtension(Path.GetFileName(sources[i]), ".o")));
                diagnostics.AddRange(CompileOne(clang.Path, strip, sources[i], objects[i], flags, cancellationToken));
            }

            var made = sources.Length == 1 ? objects[0] : Path.Combine(work.FullName, "program.o");
            if (sources.Length > 1 && !Failed(diagnostics))
            {
                diagnostics.AddRange(ObjectLinking.Link(sources, objects, made));
            }

            var success = !Failed(diagnostics);
            return new CompileResult
            {
                Success = success,
                Object = success ? RegularFile.ReadAllBytes(made) : null,
                Diagnostics = diagnostics,
                ClangVersion = clang.Version,
                VmlinuxDigest = header.Digest,
                VmlinuxArchitecture = header.Architecture,
                HasRegisters = header.HasRegisters,
                Flags = stable,
            };
        }
        catch (Win32Exception exception)
        {
            throw new ToolMissingException("clang", Distribution.Current.Package(Component.Clang), Distribution.Current.Remedy(Component.Clang), exception.Message);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    // Without an error among what is returned the object is there.
    private static IReadOnlyList<Diagnostic> CompileOne(string clang, string strip, string source, string made, CompilerFlags flags, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(source)!;
        var name = Path.GetFileName(source);
        // A name may look like a flag, and clang reads arguments from a file after an @.
        name = name[0] is '-' or '@' ? "./" + name : name;
        string[] arguments = [.. flags.Stable, .. flags.Places, .. s_messageFlags, "-c", "-o", made, "-x", "c", name];
        var run = ToolProcess.Run(clang, arguments, folder, cancellationToken);
        var diagnostics = UndeclaredFunctions.Judge(DiagnosticParser.Parse(run.Error, folder));
        if (Failed(diagnostics))
        {
            return diagnostics;
        }

        if (run.ExitCode != 0 || !File.Exists(made))
        {
            return [.. diagnostics, Failure($"clang failed with code {run.ExitCode}: {run.Error.Trim()}")];
        }

        var stripped = ToolProcess.Run(strip, ["-g", made], null, cancellationToken);
        return stripped.ExitCode == 0 ? diagnostics : [.. diagnostics, Failure($"{strip} failed: {stripped.Error.Trim()}")];
    }

    private static bool Failed(IEnumerable<Diagnostic> diagnostics) => diagnostics.Any(item => item.Severity == DiagnosticSeverity.Error);

    private static Diagnostic Failure(string message) => new() { Severity = DiagnosticSeverity.Error, Message = message };
}
