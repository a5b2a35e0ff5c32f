using System.Management.Automation;
using Bee.Ebpf;
using Bee.Posix;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Compiles for a cmdlet: what clang says goes to its error and warning streams.</summary>
internal static class SourceBuild
{
    /// <summary>Compiles one program and tells what the compiler said.</summary>
    /// <returns>The result, or null when clang made no object; then errors have been written.</returns>
    public static CompileResult? CompileAndTell(BeeCmdlet cmdlet, CompileRequest request, CancellationToken cancellationToken)
    {
        CompileResult result = Compile(cmdlet, request, cancellationToken);
        Tell(cmdlet, result, request.Source, []);
        return result.Success ? result : null;
    }

    /// <summary>Compiles one program, with progress; what the compiler said is not told yet.</summary>
    public static CompileResult Compile(BeeCmdlet cmdlet, CompileRequest request, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(request.Source);
        var progress = new ProgressRecord(1, "Compiling", request.Architecture is { } architecture ? $"{name} for {architecture}" : name);
        cmdlet.WriteProgress(progress);
        try
        {
            CompileResult result = Compiler.Compile(request, cancellationToken);
            cmdlet.Tell($"{result.ClangVersion} {string.Join(' ', result.Flags)}");
            return result;
        }
        finally
        {
            progress.RecordType = ProgressRecordType.Completed;
            if (!cancellationToken.IsCancellationRequested)
            {
                cmdlet.WriteProgress(progress);
            }
        }
    }

    /// <summary>Tells what the compiler said.</summary>
    /// <param name="cmdlet">Where it is told.</param>
    /// <param name="result">The result.</param>
    /// <param name="source">What was compiled.</param>
    /// <param name="told">What was told before, and is not again: a source for several platforms has the same faults for each.</param>
    public static void Tell(BeeCmdlet cmdlet, CompileResult result, string source, HashSet<string> told)
    {
        foreach (Diagnostic diagnostic in result.Diagnostics.Where(diagnostic => told.Add($"{diagnostic}")))
        {
            Tell(cmdlet, diagnostic, source);
        }
    }

    /// <summary>Describes an object that was built, with what its bee.yaml says, and below that what its gadget.yaml does.</summary>
    /// <param name="cmdlet">Where errors are written.</param>
    /// <param name="source">What was built.</param>
    /// <param name="bytes">The object.</param>
    /// <returns>The description, or null where the bee.yaml says what is not true of the object, or the gadget.yaml is no YAML; then errors have been written.</returns>
    public static ObjectFile? Describe(BeeCmdlet cmdlet, BuildSource source, byte[] bytes)
    {
        var file = ObjectFile.Parse(bytes, source.File);
        string gadget = Path.Combine(Path.GetDirectoryName(source.File)!, GadgetMetadata.FileName);
        try
        {
            file = File.Exists(gadget) ? file.Present(Isolated.Create<IGadgetMetadataReader>().Read(gadget, RegularFile.ReadAllText(gadget)).Of(file)) : file;
        }
        catch (ManifestException fault)
        {
            cmdlet.WriteError(ErrorRecords.From(fault, gadget));
            return null;
        }

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
