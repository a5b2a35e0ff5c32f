using System.ComponentModel;

namespace Bee.Toolchain;

/// <summary>Compiles one C file to a BPF object with clang.</summary>
public static class Compiler
{
    /// <summary>How clang shall write its diagnostics: one line each, without colour, source lines or wrapping.</summary>
    private static readonly string[] MessageFlags =
        ["-fno-color-diagnostics", "-fno-caret-diagnostics", "-fmessage-length=0", "-fdiagnostics-parseable-fixits"];

    /// <summary>Compiles. Mistakes in the source are diagnostics in the result, not exceptions.</summary>
    /// <param name="request">What to compile and how.</param>
    /// <param name="stop">Kills clang when cancelled.</param>
    /// <returns>The object and what clang said.</returns>
    /// <exception cref="FileNotFoundException">There is no such source file.</exception>
    /// <exception cref="ArgumentException">libbpf does not know the architecture.</exception>
    /// <exception cref="ToolMissingException">clang, llvm-strip or libbpf is not there, or clang is older than 12.</exception>
    /// <exception cref="KernelBtfException">There is no kernel BTF, or the file given has none that is sound.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public static CompileResult Compile(CompileRequest request, CancellationToken stop)
    {
        var source = Path.GetFullPath(request.Source);
        if (!File.Exists(source))
        {
            throw new FileNotFoundException($"There is no file {source}.", source);
        }

        var clang = Clang.Find(request.ClangPath, stop);
        var strip = clang.FindStrip();
        var header = VmlinuxHeader.GetOrCreate(request.VmlinuxBtf, out var digest);
        var folder = Path.GetDirectoryName(source)!;
        var flags = new CompilerFlags(request, folder, Path.GetDirectoryName(header)!);
        var work = Directory.CreateTempSubdirectory("bee-");
        try
        {
            var made = Path.Combine(work.FullName, "program.o");
            var name = Path.GetFileName(source);
            // A name may look like a flag, and clang reads arguments from a file after an @.
            name = name[0] is '-' or '@' ? "./" + name : name;
            string[] arguments = [.. flags.Stable, .. flags.Places, .. MessageFlags, "-c", "-o", made, "-x", "c", name];
            var run = ToolProcess.Run(clang.Path, arguments, folder, stop);
            var diagnostics = UndeclaredFunctions.Judge(DiagnosticParser.Parse(run.Error, folder));
            var compiled = run.ExitCode == 0 && File.Exists(made);
            var success = compiled && !diagnostics.Any(item => item.Severity == DiagnosticSeverity.Error);
            if (success)
            {
                var stripped = ToolProcess.Run(strip, ["-g", made], null, stop);
                if (stripped.ExitCode != 0)
                {
                    diagnostics = [.. diagnostics, Failure($"{strip} failed: {stripped.Error.Trim()}")];
                    success = false;
                }
            }
            else if (!compiled && !diagnostics.Any(item => item.Severity == DiagnosticSeverity.Error))
            {
                diagnostics = [.. diagnostics, Failure($"clang failed with code {run.ExitCode}: {run.Error.Trim()}")];
            }

            return new CompileResult
            {
                Success = success,
                Object = success ? File.ReadAllBytes(made) : null,
                Diagnostics = diagnostics,
                ClangVersion = clang.Version,
                VmlinuxDigest = digest,
                Flags = flags.Stable,
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

    private static Diagnostic Failure(string message) => new() { Severity = DiagnosticSeverity.Error, Message = message };
}
