using System.Management.Automation;
using System.Text;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Writes a C file to start from, which compiles, loads and reports as it stands.</summary>
[Cmdlet(VerbsCommon.New, "BeeProgram", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class NewProgramCommand : BeeCmdlet
{
    internal const string DefaultKind = "tracepoint";

    /// <summary>The C file to write, or a folder that gets a C file and a bee.yaml of its name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The kind of program, as its section begins: tracepoint, fentry, xdp.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramKindCompleter))]
    public string ProgramType { get; set; } = DefaultKind;

    /// <summary>Where the program puts what it sees.</summary>
    [Parameter]
    public SkeletonMapType? MapType { get; set; }

    /// <summary>What becomes of it.</summary>
    [Parameter]
    public SkeletonOutput Output { get; set; }

    /// <summary>What to attach to: a tracepoint, a function, a file and a function, as the kind has it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AttachTargetCompleter))]
    public string? AttachTo { get; set; }

    /// <summary>Overwrites files that are there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The kind that somebody means, as its section may be written; the usual one where nobody says.</summary>
    internal static string FullKind(string? kind) => kind is null ? DefaultKind : ProgramSkeleton.FindKind(kind) ?? kind;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Path, () =>
    {
        NewProgramFiles files = NewProgramFiles.At(FullPath(Path));
        string source = ProgramSkeleton.Write(new SkeletonRequest
        {
            Name = files.Name,
            FileName = System.IO.Path.GetFileName(files.Source),
            Kind = ProgramType,
            MapType = MapType,
            Output = Output,
            AttachTo = AttachTo,
        });
        files.RefuseExisting(Force);
        Write(files.Source, source);
        if (files.Manifest is { } manifest)
        {
            Write(manifest, $"name: {files.Name.ToLowerInvariant()}\ndescription: \"\"\n");
        }
    });

    private void Write(string path, string text)
    {
        if (ShouldProcess(path, "Create file"))
        {
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
            // As Get-Item gives it, with all that its view needs.
            WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
        }
    }
}
