using System.Management.Automation;
using System.Text;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Posix;
using Bee.Toolchain.Manifest;
using Bee.Toolchain.Skeletons;

namespace Bee.Cmdlets.Programs;

/// <summary>Writes a C file as a starting point, which compiles, loads and reports events without changes.</summary>
[Cmdlet(VerbsCommon.New, "BeeProgram", SupportsShouldProcess = true, DefaultParameterSetName = "Skeleton")]
[OutputType(typeof(FileInfo))]
public sealed class NewProgramCommand : BeeCmdlet
{
    internal const string DefaultKind = "tracepoint";

    /// <summary>The C file to write, or a folder for a C file and a bee.yaml of the same name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The kind of program, as its section begins: tracepoint, fentry, xdp.</summary>
    [Parameter(Position = 1, ParameterSetName = "Skeleton")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramKindCompleter))]
    public string ProgramType { get; set; } = DefaultKind;

    /// <summary>The type of map that the program writes to.</summary>
    [Parameter(ParameterSetName = "Skeleton")]
    public SkeletonMapType? MapType { get; set; }

    /// <summary>The kind of output: events, counters, gauges or histograms.</summary>
    [Parameter(ParameterSetName = "Skeleton")]
    public SkeletonOutput Output { get; set; }

    /// <summary>The attach target, in the form of the kind: a tracepoint, a function, or a file and a function.</summary>
    [Parameter(ParameterSetName = "Skeleton")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AttachTargetCompleter))]
    public string? AttachTo { get; set; }

    /// <summary>The name of an example of Bee to copy, instead of a skeleton.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Template")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TemplateCompleter))]
    public string Template { get; set; } = string.Empty;

    /// <summary>Overwrites existing files.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the full name of a kind, or the default kind for null.</summary>
    internal static string FullKind(string? kind) => kind is null ? DefaultKind : ProgramSkeleton.FindKind(kind) ?? kind;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Path, () =>
    {
        var files = NewProgramFiles.At(FullPath(Path));
        IReadOnlyList<(string Path, string Text)> written = ParameterSetName == "Template" ? FromTemplate(files) : Skeleton(files);
        NewProgramFiles.RefuseExisting(written.Select(file => file.Path), Force);
        foreach ((string path, string text) in written)
        {
            if (ShouldProcess(path, "Create file"))
            {
                AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
                // The object is what Get-Item returns, because its view needs the properties that the provider adds.
                WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
            }
        }

        if (files.Manifest is { } manifest)
        {
            WriteSchema(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(manifest)!, ManifestSchema.FileName));
        }
    });

    // The schema is copied next to bee.yaml. A path into the module would differ between machines and between versions of the module.
    private void WriteSchema(string path)
    {
        if ((Force || !File.Exists(path)) && ManifestSchema.Text is { } schema && ShouldProcess(path, "Create file"))
        {
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(schema));
            WriteNote($"Wrote {path}, which editors use to complete bee.yaml.");
        }
    }

    private List<(string Path, string Text)> Skeleton(NewProgramFiles files)
    {
        string source = ProgramSkeleton.Write(new SkeletonRequest
        {
            Name = files.Name,
            FileName = System.IO.Path.GetFileName(files.Source),
            Kind = ProgramType,
            MapType = MapType,
            Output = Output,
            AttachTo = AttachTo,
            Warn = WriteWarning,
        });
        var written = new List<(string, string)> { (files.Source, source) };
        if (files.Manifest is { } manifest)
        {
            written.Add((manifest, NewProgramFiles.ManifestText(files.Source, ProgramType, Output)));
        }

        return written;
    }

    // Copies an example's files, with the new program's name in place of the example's in their names.
    private List<(string Path, string Text)> FromTemplate(NewProgramFiles files)
    {
        var template = ProgramTemplate.Find(Template);
        if (files.Manifest is null)
        {
            return template.Files.Keys.Where(name => name.EndsWith(".c", StringComparison.Ordinal) || name.EndsWith(".h", StringComparison.Ordinal)).ToArray() is [var only]
                ? [(files.Source, template.Files[only])]
                : throw new BeeInputException("NeedsFolder", $"The example {template.Name} has several files.", "Specify a folder for them as -Path.");
        }

        string folder = System.IO.Path.GetDirectoryName(files.Manifest)!;
        return [.. template.Rename(files.Name).Select(file => (System.IO.Path.Combine(folder, file.Key), file.Value))];
    }
}

/// <summary>The paths of a new program's files.</summary>
/// <param name="Name">The program's name.</param>
/// <param name="Source">The C file.</param>
/// <param name="Manifest">The bee.yaml; null if only a C file is written.</param>
internal sealed record NewProgramFiles(string Name, string Source, string? Manifest)
{
    private const string Ending = ".bpf.c";

    /// <summary>Parses a path: a name that ends in .c is a file, any other a folder for a program of that name.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="BeeInputException">The name has another extension, or no program name can be derived from it.</exception>
    public static NewProgramFiles At(string path)
    {
        if (path.EndsWith(".c", StringComparison.Ordinal) && !Directory.Exists(path))
        {
            string stem = Path.GetFileName(path);
            stem = stem[..^(stem.EndsWith(Ending, StringComparison.Ordinal) ? Ending.Length : 2)];
            return new NewProgramFiles(Named(stem, path), path, null);
        }

        string folder = Path.TrimEndingDirectorySeparator(path);
        string name = Path.GetFileName(folder);
        if (name.Contains('.') && !Directory.Exists(path) && !Path.EndsInDirectorySeparator(path))
        {
            throw new BeeInputException("NotASource", $"'{path}' is neither the name of a C file nor an existing folder.", $"Use a name that ends in {Ending}, or a folder.");
        }

        return new NewProgramFiles(Named(name, path), Path.Combine(folder, name + Ending), Path.Combine(folder, ProgramManifest.FileName));
    }

    /// <summary>Throws if a file exists and <paramref name="force"/> is false.</summary>
    /// <exception cref="BeeInputException">One of the files exists.</exception>
    public static void RefuseExisting(IEnumerable<string> files, bool force)
    {
        string? there = force ? null : files.FirstOrDefault(File.Exists);
        if (there is not null)
        {
            throw new BeeInputException("FileExists", $"The file {there} already exists.", "Use another name, or -Force to overwrite it.");
        }
    }

    /// <summary>Returns the text of a bee.yaml as a starting point. It names its source, so that it does not apply to other C files in the folder.</summary>
    public static string ManifestText(string source, string kind, SkeletonOutput output) => $"""
        {ManifestSchema.Reference}
        # Metadata of the tool, which its image contains.
        name: {ImageNames.ShortName(ImageNames.FromFile(source).ToString())}
        description: "{output} of a {kind} program"
        sources: ['{Path.GetFileName(source).Replace("'", "''", StringComparison.Ordinal)}']

        """;

    private static string Named(string name, string path) => name.Length > 0 ? name : throw new BeeInputException(
        "NoName", $"No program name can be derived from '{path}'.", $"Use a name such as opens{Ending}.");
}
