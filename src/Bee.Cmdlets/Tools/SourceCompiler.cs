using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Cmdlets.Tools;

/// <summary>Compiles sources. What clang says goes to the error and warning streams.</summary>
/// <param name="streams">Where errors, warnings, notes and progress are written.</param>
internal sealed class SourceCompiler(ICmdletStreams streams)
{
    /// <summary>Compiles one program and writes what the compiler said.</summary>
    /// <returns>The result, or null when clang made no object; then errors have been written.</returns>
    public CompileResult? CompileAndReport(CompileRequest request)
    {
        CompileResult result = Compile(request);
        Report(result, request.Source, []);
        return result.Success ? result : null;
    }

    /// <summary>Compiles one program, with progress; what the compiler said is not told yet.</summary>
    public CompileResult Compile(CompileRequest request)
    {
        string name = Path.GetFileName(request.Source);
        var progress = new ProgressRecord(1, "Compiling", request.Architecture is { } architecture ? $"{name} for {architecture}" : name);
        streams.WriteProgress(progress);
        try
        {
            CompileResult result = Compiler.Compile(request, streams.Stop);
            streams.WriteNote($"{result.ClangVersion} {string.Join(' ', result.Flags)}");
            return result;
        }
        finally
        {
            progress.RecordType = ProgressRecordType.Completed;
            if (!streams.Stop.IsCancellationRequested)
            {
                streams.WriteProgress(progress);
            }
        }
    }

    /// <summary>Writes what the compiler said.</summary>
    /// <param name="result">The result.</param>
    /// <param name="source">What was compiled.</param>
    /// <param name="told">What was told before, and is not again: a source for several platforms has the same faults for each.</param>
    public void Report(CompileResult result, string source, HashSet<string> told)
    {
        foreach (Diagnostic diagnostic in result.Diagnostics.Where(diagnostic => told.Add($"{diagnostic}")))
        {
            Report(diagnostic, source);
        }
    }

    /// <summary>Describes an object that was built, with what its bee.yaml says, and below that what its gadget.yaml does.</summary>
    /// <param name="source">What was built.</param>
    /// <param name="bytes">The object.</param>
    /// <returns>The description, or null where the bee.yaml says what is not true of the object, or the gadget.yaml is no YAML; then errors have been written.</returns>
    public ObjectFile? Describe(BuildSource source, byte[] bytes)
    {
        var file = ObjectFile.Parse(bytes, source.File);
        string gadget = Path.Combine(Path.GetDirectoryName(source.File)!, GadgetMetadata.FileName);
        try
        {
            file = File.Exists(gadget) ? file.WithMetadata(Isolated.Create<IGadgetMetadataReader>().Read(gadget, RegularFile.ReadAllText(gadget)).Of(file)) : file;
        }
        catch (ManifestException fault)
        {
            streams.WriteError(fault, gadget);
            return null;
        }

        IReadOnlyList<ManifestException> wrong = source.Manifest.Check(file);
        foreach (ManifestException fault in wrong)
        {
            streams.WriteError(fault, source.Manifest.Path);
        }

        return wrong.Count == 0 ? file.WithMetadata(source.Manifest.Metadata) : null;
    }

    private void Report(Diagnostic diagnostic, string source)
    {
        var said = new CompilationException(diagnostic);
        switch (diagnostic.Severity)
        {
            case DiagnosticSeverity.Error:
                streams.WriteError(said, source);
                break;
            case DiagnosticSeverity.Warning:
                streams.WriteWarning(said.Message);
                break;
            default:
                streams.WriteNote(said.Message);
                break;
        }
    }
}
