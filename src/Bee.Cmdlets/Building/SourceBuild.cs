using System.Management.Automation;
using Bee.Ebpf;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Compiles for a cmdlet: what clang says goes to its error and warning streams.</summary>
internal static class SourceBuild
{
    /// <summary>Compiles one program.</summary>
    /// <returns>The result, or null when clang made no object; then errors have been written.</returns>
    public static CompileResult? Compile(BeeCmdlet cmdlet, CompileRequest request, CancellationToken stop)
    {
        var progress = new ProgressRecord(1, "Compiling", Path.GetFileName(request.Source));
        cmdlet.WriteProgress(progress);
        CompileResult result;
        try
        {
            result = Compiler.Compile(request, stop);
        }
        finally
        {
            progress.RecordType = ProgressRecordType.Completed;
            if (!stop.IsCancellationRequested)
            {
                cmdlet.WriteProgress(progress);
            }
        }

        cmdlet.Tell($"{result.ClangVersion} {string.Join(' ', result.Flags)}");
        foreach (Diagnostic diagnostic in result.Diagnostics)
        {
            Tell(cmdlet, diagnostic, request.Source);
        }

        return result.Success ? result : null;
    }

    /// <summary>Describes an object that was built, with what its bee.yaml says.</summary>
    /// <param name="cmdlet">Where errors are written.</param>
    /// <param name="source">What was built.</param>
    /// <param name="bytes">The object.</param>
    /// <returns>The description, or null where the bee.yaml says what is not true of the object; then errors have been written.</returns>
    public static ObjectFile? Describe(BeeCmdlet cmdlet, BuildSource source, byte[] bytes)
    {
        ObjectFile file = ObjectFile.Parse(bytes, source.File);
        IReadOnlyList<ManifestException> wrong = source.Manifest.Check(file);
        foreach (ManifestException fault in wrong)
        {
            cmdlet.WriteError(ErrorRecords.From(fault, source.Manifest.Path));
        }

        return wrong.Count == 0 ? file.Present(source.Manifest.Presentation) : null;
    }

    private static void Tell(BeeCmdlet cmdlet, Diagnostic diagnostic, string source)
    {
        var said = new CompilationException(diagnostic);
        switch (diagnostic.Severity)
        {
            case DiagnosticSeverity.Error:
                cmdlet.WriteError(ErrorRecords.From(said, source));
                break;
            case DiagnosticSeverity.Warning:
                cmdlet.WriteWarning(said.Message);
                break;
            default:
                cmdlet.Tell(said.Message);
                break;
        }
    }
}
