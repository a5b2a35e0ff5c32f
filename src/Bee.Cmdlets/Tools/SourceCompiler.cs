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

/// <summary>Compiles sources, and writes clang's diagnostics as errors and warnings.</summary>
/// <param name="streams">Receives errors, warnings, notes and progress.</param>
internal sealed class SourceCompiler(ICmdletStreams streams)
{
    /// <summary>Compiles one program and writes the compiler's diagnostics.</summary>
    /// <returns>The result, or null if clang produced no object; then errors were written.</returns>
    public CompileResult? CompileAndReport(CompileRequest request)
    {
        CompileResult result = Compile(request);
        Report(result, request.Source, []);
        return result.Success ? result : null;
    }

    /// <summary>Compiles one program, with progress. Does not write the diagnostics.</summary>
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

    /// <summary>Writes the compiler's diagnostics.</summary>
    /// <param name="result">The result.</param>
    /// <param name="source">The source.</param>
    /// <param name="reported">The diagnostics that were already written, which are not repeated: a source for several platforms has the same faults for each.</param>
    public void Report(CompileResult result, string source, HashSet<string> reported)
    {
        foreach (Diagnostic diagnostic in result.Diagnostics.Where(diagnostic => reported.Add($"{diagnostic}")))
        {
            Report(diagnostic, source);
        }
    }

    /// <summary>Describes a compiled object with the metadata of its bee.yaml. Configurations of ebpf_exporter and a gadget.yaml have lower precedence.</summary>
    /// <param name="source">The source.</param>
    /// <param name="request">The options of the compilation.</param>
    /// <param name="bytes">The object.</param>
    /// <returns>The description, or null if the bee.yaml does not match the object; then errors were written.</returns>
    /// <exception cref="BeeInputException">A record type names a map without records, or no source defines the type.</exception>
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

    /// <summary>Returns the structs, unions and typedefs that sources define, with their sizes.</summary>
    public IReadOnlyList<SourceType> FindTypes(CompileRequest request) => Compiler.FindTypes(request, streams.Stop);

    private string UnknownType(string name, CompileRequest request)
    {
        string[] types = [.. FindTypes(request).Select(type => type.Name)];
        string bare = name.Split(' ')[^1];
        string? near = Suggest.Nearest(bare, types.Select(type => type.Split(' ')[^1]), 1) is [var nearest] ? nearest : null;
        return $"no source defines a type '{name}'."
            + (near is null ? "" : $" Did you mean '{near}'?")
            + (types.Length == 0 ? "" : $" The types of the source: {string.Join(", ", types)}.");
    }

    // A file with the name of an ebpf_exporter configuration may have another format.
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
            streams.WriteWarning($"{fault.Message} The file is ignored.");
        }

        return file;
    }

    private void Report(Diagnostic diagnostic, string source)
    {
        var message = new CompilationException(diagnostic);
        switch (diagnostic.Severity)
        {
            case DiagnosticSeverity.Error:
                streams.WriteError(message, source);
                break;
            case DiagnosticSeverity.Warning:
                streams.WriteWarning(message.Message);
                break;
            default:
                streams.WriteNote(message.Message);
                break;
        }
    }
}

/// <summary>The C files of one program, with the metadata of the bee.yaml beside them.</summary>
/// <param name="File">The full path of the first C file.</param>
/// <param name="LinkedFiles">The full paths of the other C files.</param>
/// <param name="Manifest">The bee.yaml; empty without one.</param>
internal sealed record BuildSource(string File, IReadOnlyList<string> LinkedFiles, ProgramManifest Manifest)
{
    /// <summary>The gadget.yaml beside the first file; empty without one. A bee.yaml takes precedence.</summary>
    public GadgetMetadata Gadget { get; } = ReadGadget(Path.Combine(Path.GetDirectoryName(File)!, GadgetMetadata.FileName));

    /// <summary>The record types from the user. They take precedence over those in bee.yaml.</summary>
    public RecordTypeNames RecordTypes { get; init; } = RecordTypeNames.None;

    /// <summary>Finds the C files for a path: the file with the others that its bee.yaml lists, or the files of a folder.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="BeeInputException">The file does not exist, or a folder has no C file, or several and no bee.yaml that lists them.</exception>
    /// <exception cref="ManifestException">The bee.yaml is invalid, or the gadget.yaml is not YAML.</exception>
    public static BuildSource Find(string path)
    {
        bool isFolder = Directory.Exists(path);
        if (!isFolder && !System.IO.File.Exists(path))
        {
            throw new BeeInputException("FileNotFound", $"The file '{path}' does not exist.", "Check the path, or write a new file with New-BeeProgram.");
        }

        string folder = isFolder ? path : Path.GetDirectoryName(path)!;
        string beside = Path.Combine(folder, ProgramManifest.FileName);
        ProgramManifest manifest = System.IO.File.Exists(beside) ? Isolated.Create<IManifestReader>().Read(beside) : new ProgramManifest();
        if (manifest.Sources.Count == 0)
        {
            return new BuildSource(isFolder ? OnlySource(path) : path, [], manifest);
        }

        string[] files = [.. manifest.Sources.Select((source, i) => Existing(manifest, folder, source, i))];
        // A bee.yaml that lists sources does not apply to other files in its folder.
        return isFolder || files.Contains(Path.GetFullPath(path)) ? new BuildSource(files[0], files[1..], manifest) : new BuildSource(path, [], new ProgramManifest());
    }

    /// <summary>Returns the compile request for these files.</summary>
    /// <param name="includes">Full paths of additional include folders, searched before those in bee.yaml.</param>
    /// <exception cref="BeeInputException">One of these folders does not exist.</exception>
    /// <exception cref="ManifestException">A folder in bee.yaml does not exist.</exception>
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
        : throw new BeeInputException("FileNotFound", $"The include folder '{folder}' does not exist.", "Correct -IncludePath.");

    private string ManifestFolder(string include, int i)
    {
        string folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Manifest.Path)!, include));
        return Directory.Exists(folder) ? folder : throw Manifest.Wrong($"includes/{i}", $"the folder '{folder}' does not exist.");
    }

    private static GadgetMetadata ReadGadget(string path) =>
        System.IO.File.Exists(path) ? Isolated.Create<IGadgetMetadataReader>().Read(path, RegularFile.ReadAllText(path)) : GadgetMetadata.None;

    // The user's types come first, so they take precedence.
    private Dictionary<string, string> AllRecordTypes() => RecordTypes.Types.Concat(Manifest.Metadata.RecordTypes).DistinctBy(type => type.Key).ToDictionary();

    private static string Existing(ProgramManifest manifest, string folder, string source, int i)
    {
        string file = Path.GetFullPath(Path.Combine(folder, source));
        return System.IO.File.Exists(file) ? file : throw manifest.Wrong($"sources/{i}", $"the file '{file}' does not exist.");
    }

    private static string OnlySource(string folder)
    {
        string[] sources = Directory.GetFiles(folder, "*.bpf.c");
        sources = sources.Length > 0 ? sources : Directory.GetFiles(folder, "*.c");
        return sources.Length switch
        {
            1 => sources[0],
            0 => throw new BeeInputException("FileNotFound", $"The folder '{folder}' contains no C file.", "Check the path, or write a new file with New-BeeProgram."),
            _ => throw new BeeInputException(
                "SeveralSources",
                $"The folder '{folder}' contains several C files: {string.Join(", ", sources.Select(Path.GetFileName).Order(StringComparer.Ordinal))}.",
                "Name one of them, or list them as sources in a bee.yaml in that folder if they belong to one program."),
        };
    }
}
