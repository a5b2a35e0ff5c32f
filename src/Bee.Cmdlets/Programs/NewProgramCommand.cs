using System.Management.Automation;
using System.Text;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Posix;
using Bee.Toolchain.Manifest;
using Bee.Toolchain.Skeletons;

namespace Bee.Cmdlets.Programs;

/// <summary>Writes a C file to start from, which compiles, loads and reports as it stands.</summary>
[Cmdlet(VerbsCommon.New, "BeeProgram", SupportsShouldProcess = true, DefaultParameterSetName = "Skeleton")]
[OutputType(typeof(FileInfo))]
public sealed class NewProgramCommand : BeeCmdlet
{
    internal const string DefaultKind = "tracepoint";

    /// <summary>The C file to write, or a folder that gets a C file and a bee.yaml of its name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The kind of program, as its section begins: tracepoint, fentry, xdp.</summary>
    [Parameter(Position = 1, ParameterSetName = "Skeleton")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramKindCompleter))]
    public string ProgramType { get; set; } = DefaultKind;

    /// <summary>Where the program puts what it sees.</summary>
    [Parameter(ParameterSetName = "Skeleton")]
    public SkeletonMapType? MapType { get; set; }

    /// <summary>What becomes of it.</summary>
    [Parameter(ParameterSetName = "Skeleton")]
    public SkeletonOutput Output { get; set; }

    /// <summary>What to attach to: a tracepoint, a function, a file and a function, as the kind has it.</summary>
    [Parameter(ParameterSetName = "Skeleton")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AttachTargetCompleter))]
    public string? AttachTo { get; set; }

    /// <summary>One of Bee's examples to start from, instead of a skeleton.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Template")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TemplateCompleter))]
    public string Template { get; set; } = string.Empty;

    /// <summary>Overwrites files that are there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The kind that somebody means, as its section may be written; the usual one where nobody says.</summary>
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
                // As Get-Item gives it, with all that its view needs.
                WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
            }
        }

        if (files.Manifest is { } manifest)
        {
            WriteSchema(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(manifest)!, ManifestSchema.FileName));
        }
    });

    // The bee.yaml refers to it by its name alone: a path into the module would be another on each machine, and would go with the module's version.
    private void WriteSchema(string path)
    {
        if ((Force || !File.Exists(path)) && ManifestSchema.Text is { } schema && ShouldProcess(path, "Create file"))
        {
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(schema));
            WriteNote($"Wrote {path}, by which editors complete the bee.yaml.");
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

    // An example's files under the new program's name, wherever the old one stood in a file's name.
    private List<(string Path, string Text)> FromTemplate(NewProgramFiles files)
    {
        var template = ProgramTemplate.Find(Template);
        if (files.Manifest is null)
        {
            return template.Files.Keys.Where(name => name.EndsWith(".c", StringComparison.Ordinal) || name.EndsWith(".h", StringComparison.Ordinal)).ToArray() is [var only]
                ? [(files.Source, template.Files[only])]
                : throw new BeeInputException("NeedsFolder", $"The example {template.Name} has several files.", "Give a folder for them.");
        }

        string folder = System.IO.Path.GetDirectoryName(files.Manifest)!;
        return [.. template.Rename(files.Name).Select(file => (System.IO.Path.Combine(folder, file.Key), file.Value))];
    }
}

/// <summary>Where a new program's files go.</summary>
/// <param name="Name">The program's name.</param>
/// <param name="Source">The C file.</param>
/// <param name="Manifest">The bee.yaml; null where only a C file was asked for.</param>
internal sealed record NewProgramFiles(string Name, string Source, string? Manifest)
{
    private const string Ending = ".bpf.c";

    /// <summary>Reads a path: a name that ends in .c is a file, any other a folder for a program of its name.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="BeeInputException">The name has another ending, or no program can be named after it.</exception>
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
            throw new BeeInputException("NotASource", $"'{path}' is not a name for a C file, and there is no such folder.", $"Give a name that ends in {Ending}, or a folder.");
        }

        return new NewProgramFiles(Named(name, path), Path.Combine(folder, name + Ending), Path.Combine(folder, ProgramManifest.FileName));
    }

    /// <summary>Nobody's work is overwritten by a slip.</summary>
    /// <exception cref="BeeInputException">One of the files is there.</exception>
    public static void RefuseExisting(IEnumerable<string> files, bool force)
    {
        string? there = force ? null : files.FirstOrDefault(File.Exists);
        if (there is not null)
        {
            throw new BeeInputException("FileExists", $"There is a file {there} already.", "Give another name, or -Force to overwrite it.");
        }
    }

    /// <summary>A bee.yaml to start from. It names its source, so that it says nothing about other C files of the folder.</summary>
    public static string ManifestText(string source, string kind, SkeletonOutput output) => $"""
        {ManifestSchema.Reference}
        # What the image says of the program.
        name: {ImageNames.ShortName(ImageNames.FromFile(source).ToString())}
        description: "{output} of a {kind} program"
        sources: ['{Path.GetFileName(source).Replace("'", "''", StringComparison.Ordinal)}']

        """;

    private static string Named(string name, string path) => name.Length > 0 ? name : throw new BeeInputException(
        "NoName", $"No program can be named after '{path}'.", $"Give a name such as opens{Ending}.");
}
