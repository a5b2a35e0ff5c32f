using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Ebpf.Metadata;
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

    /// <summary>Describes an object that was built, with what its bee.yaml says, and below that what a configuration of ebpf_exporter and its gadget.yaml do.</summary>
    /// <param name="source">What was built.</param>
    /// <param name="request">How it was compiled.</param>
    /// <param name="bytes">The object.</param>
    /// <returns>The description, or null where the bee.yaml says what is not true of the object; then errors have been written.</returns>
    /// <exception cref="BeeInputException">A record type is for what has no records, or no source defines it.</exception>
    public ObjectFile? Describe(BuildSource source, CompileRequest request, byte[] bytes)
    {
        var file = ObjectFile.Read(bytes, source.File);
        file = file.WithMetadata(source.Gadget.Of(file));
        file = WithExporter(file, ExporterMetadata.FileOf(source.File));
        IReadOnlyList<ManifestException> wrong = source.Manifest.Check(file, name => UnknownType(name, request));
        foreach (ManifestException fault in wrong)
        {
            streams.WriteError(fault, source.Manifest.Path);
        }

        if (wrong.Count > 0)
        {
            return null;
        }

        ObjectMetadata given = source.RecordTypes.MetadataFor(file);
        foreach (string type in source.RecordTypes.Types.Values.Where(type => RecordTypes.Find(file.Btf, type) is null))
        {
            throw RecordTypeNames.Unknown(UnknownType(type, request));
        }

        return file.WithMetadata(source.Manifest.Metadata).WithMetadata(given);
    }

    /// <summary>Finds the structs, unions and typedefs that sources define, with their sizes.</summary>
    public IReadOnlyList<SourceType> FindTypes(CompileRequest request) => Compiler.FindTypes(request, streams.Stop);

    private string UnknownType(string name, CompileRequest request)
    {
        string[] types = [.. FindTypes(request).Select(type => type.Name)];
        string bare = name.Split(' ')[^1];
        string? near = Suggest.Nearest(bare, types.Select(type => type.Split(' ')[^1]), 1) is [var nearest] ? nearest : null;
        return $"no source defines a type '{name}'."
            + (near is null ? "" : $" Is '{near}' meant?")
            + (types.Length == 0 ? "" : $" The types of the source: {string.Join(", ", types)}.");
    }

    // A file of that name may as well be something else.
    private ObjectFile WithExporter(ObjectFile file, string path)
    {
        if (!File.Exists(path) || Path.GetFileName(path) is ProgramManifest.FileName or GadgetMetadata.FileName)
        {
            return file;
        }

        try
        {
            if (Isolated.Create<IExporterMetadataReader>().Read(path, RegularFile.ReadAllText(path)) is { } exporter)
            {
                streams.WriteNote($"{path} describes {exporter.Metrics.Count} metrics as ebpf_exporter reads them.");
                foreach (string warning in exporter.Warnings)
                {
                    streams.WriteWarning($"{path}: {warning}");
                }

                return file.WithMetadata(exporter.Of(file, warning => streams.WriteWarning($"{path}: {warning}")));
            }
        }
        catch (ManifestException fault)
        {
            streams.WriteWarning($"{fault.Message} The file is not used.");
        }

        return file;
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

/// <summary>The C files of one program and what the bee.yaml beside them says.</summary>
/// <param name="File">The C file's full path; of several the first.</param>
/// <param name="LinkedFiles">Full paths of the further ones.</param>
/// <param name="Manifest">What the bee.yaml says; empty without one.</param>
internal sealed record BuildSource(string File, IReadOnlyList<string> LinkedFiles, ProgramManifest Manifest)
{
    /// <summary>What the gadget.yaml beside the first file says; nothing without one. A bee.yaml comes before it.</summary>
    public GadgetMetadata Gadget { get; } = ReadGadget(Path.Combine(Path.GetDirectoryName(File)!, GadgetMetadata.FileName));

    /// <summary>The types of records that the user gives; they come before those of the bee.yaml.</summary>
    public RecordTypeNames RecordTypes { get; init; } = RecordTypeNames.None;

    /// <summary>Finds the C files that a path means: itself with those that the bee.yaml names with it, or a folder's.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="BeeInputException">There is no such file, or a folder has none or several and no bee.yaml that names them.</exception>
    /// <exception cref="ManifestException">The bee.yaml is not what it should be, or the gadget.yaml is not YAML.</exception>
    public static BuildSource Find(string path)
    {
        bool isFolder = Directory.Exists(path);
        if (!isFolder && !System.IO.File.Exists(path))
        {
            throw new BeeInputException("FileNotFound", $"There is no file '{path}'.");
        }

        string folder = isFolder ? path : Path.GetDirectoryName(path)!;
        string beside = Path.Combine(folder, ProgramManifest.FileName);
        ProgramManifest manifest = System.IO.File.Exists(beside) ? Isolated.Create<IManifestReader>().Read(beside) : new ProgramManifest();
        if (manifest.Sources.Count == 0)
        {
            return new BuildSource(isFolder ? OnlySource(path) : path, [], manifest);
        }

        string[] files = [.. manifest.Sources.Select((source, i) => Existing(manifest, folder, source, i))];
        // A bee.yaml that names its sources says nothing about another file beside them.
        return isFolder || files.Contains(Path.GetFullPath(path)) ? new BuildSource(files[0], files[1..], manifest) : new BuildSource(path, [], new ProgramManifest());
    }

    /// <summary>Returns the compilation of these files.</summary>
    /// <param name="includes">Full paths of further folders with headers, searched before those of the bee.yaml.</param>
    /// <exception cref="BeeInputException">One of these folders does not exist.</exception>
    /// <exception cref="ManifestException">A folder of the bee.yaml does not exist.</exception>
    public CompileRequest Request(IReadOnlyList<string> includes) => new()
    {
        Source = File,
        LinkedSources = LinkedFiles,
        Defines = Manifest.Defines,
        IncludeDirectories = [.. includes.Select(Existing), .. Manifest.Includes.Select(ManifestFolder)],
        RecordTypes = AllRecordTypes(),
    };

    private static string Existing(string folder) => Directory.Exists(folder)
        ? folder
        : throw new BeeInputException("FileNotFound", $"The include folder '{folder}' does not exist.");

    private string ManifestFolder(string include, int i)
    {
        string folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Manifest.Path)!, include));
        return Directory.Exists(folder) ? folder : throw Manifest.Wrong($"includes/{i}", $"the folder '{folder}' does not exist.");
    }

    private static GadgetMetadata ReadGadget(string path) =>
        System.IO.File.Exists(path) ? Isolated.Create<IGadgetMetadataReader>().Read(path, RegularFile.ReadAllText(path)) : GadgetMetadata.None;

    // What the user gives comes first.
    private Dictionary<string, string> AllRecordTypes() => RecordTypes.Types.Concat(Manifest.Metadata.RecordTypes).DistinctBy(type => type.Key).ToDictionary();

    private static string Existing(ProgramManifest manifest, string folder, string source, int i)
    {
        string file = Path.GetFullPath(Path.Combine(folder, source));
        return System.IO.File.Exists(file) ? file : throw manifest.Wrong($"sources/{i}", $"there is no file '{file}'.");
    }

    private static string OnlySource(string folder)
    {
        string[] sources = Directory.GetFiles(folder, "*.bpf.c");
        sources = sources.Length > 0 ? sources : Directory.GetFiles(folder, "*.c");
        return sources.Length switch
        {
            1 => sources[0],
            0 => throw new BeeInputException("FileNotFound", $"There is no C file in '{folder}'."),
            _ => throw new BeeInputException(
                "SeveralSources",
                $"There are several C files in '{folder}': {string.Join(", ", sources.Select(Path.GetFileName).Order(StringComparer.Ordinal))}.",
                "Name one of them; or, if they are parts of one program, list them as sources in a bee.yaml beside them."),
        };
    }
}
