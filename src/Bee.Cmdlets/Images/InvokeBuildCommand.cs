using System.Collections;
using System.Management.Automation;
using System.Text.Json;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Manifest;

namespace Bee.Cmdlets.Images;

/// <summary>Compiles a C file to an eBPF object, packs it into an image and stores that.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "BeeBuild", SupportsShouldProcess = true, DefaultParameterSetName = "Image")]
[Alias("Build-BeeImage")]
[OutputType(typeof(Image), ParameterSetName = ["Image"])]
[OutputType(typeof(FileInfo), ParameterSetName = ["Binary"])]
public sealed class InvokeBuildCommand : StoreCmdlet
{
    private readonly HashSet<string> _written = [];

    /// <summary>A .c file, or a folder with one C file; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [WithoutLogin(OrPath = true)]
    public string[] Path { get; set; } = [];

    /// <summary>The image's reference. Without it: the bee.yaml's or the file's name, with the tag latest.</summary>
    [Parameter(Position = 1, ParameterSetName = "Image")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string? Tag { get; set; }

    /// <summary>Where to write the object; a folder gets it under the source's name with .o behind.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>Makes no image, only the object; without -OutFile in the current folder.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Binary")]
    public SwitchParameter BinaryOnly { get; set; }

    /// <summary>Macros, each NAME or NAME=VALUE.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Define { get; set; } = [];

    /// <summary>Folders with headers for a C file, searched before those of its bee.yaml.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>Further arguments for clang, one an item.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] CFlags { get; set; } = [];

    /// <summary>The platforms to build for, such as linux/amd64 and linux/arm64; several make one image for all of them. Without it those of the bee.yaml, else this machine's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>
    /// A file with the BTF of the kernel to compile for, raw or in an ELF file; or a hashtable of platforms and such files. The running
    /// kernel's without it.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object? VmlinuxBtf { get; set; }

    /// <summary>
    /// The C types of records that no declaration names: a hashtable of names of ring buffers, perf buffers and iterators, and of structs. The object keeps the
    /// types.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    /// <summary>Writes the file compile_commands.json beside the source, so that clangd finds bee.h, vmlinux.h and the flags.</summary>
    [Parameter]
    public SwitchParameter CompileCommands { get; set; }

    /// <summary>Who wrote the program.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Author { get; set; } = [];

    /// <summary>What the program does, in a sentence.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Description { get; set; }

    /// <summary>SPDX expression of the program's license.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? License { get; set; }

    /// <summary>Address of the source, such as its repository.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Source { get; set; }

    /// <summary>Revision of the source, such as a commit.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Revision { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Define.Select(MacroDefinition.Fault).FirstOrDefault(fault => fault is not null) is { } wrong)
        {
            ThrowTerminatingError(ErrorRecords.From(new BeeInputException("BadDefine", wrong), Define));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            Guard(path, () =>
            {
                foreach (string file in Files(path))
                {
                    Guard(file, () => Build(BuildSource.Find(file) with { RecordTypes = RecordTypeNames.From(RecordType) }));
                }
            });
        }
    }

    private void Build(BuildSource source)
    {
        IReadOnlyList<string> named = Platform.Length > 0 ? Platform : source.Manifest.Platforms;
        Platform[] platforms = [.. named.Select(Bee.Oci.Formats.Platform.Parse).DefaultIfEmpty(Bee.Oci.Formats.Platform.Host).Distinct()];
        ImageReference? reference = BinaryOnly ? null : Reference(source);
        IReadOnlyList<string>? outFiles = OutPaths(source, platforms);
        string made = reference is null ? $"Compile to {string.Join(", ", outFiles!)}" : $"Build image {reference}";
        if (!ShouldProcess(source.File, named.Count == 0 ? made : $"{made} for {string.Join(", ", platforms.AsEnumerable())}"))
        {
            return;
        }

        CompileRequest request = source.Request([.. IncludePath.Select(FullPath)]);
        var types = KernelTypeFiles.From(VmlinuxBtf, platforms, FullPath);
        var build = new PlatformBuild(new SourceCompiler(this), source, types);

        // Read before anything is written: what cannot be described must not get a name.
        request = request with { Defines = [.. request.Defines, .. Define], CFlags = CFlags };
        if (CompileCommands)
        {
            // Also of a source that does not compile yet, which is when an editor helps most.
            WriteCommands(request with { Architecture = platforms[0].Architecture, VmlinuxBtf = types.For(platforms[0]) }, System.IO.Path.GetDirectoryName(source.File)!);
        }

        if (build.Run(request, platforms) is not { } programs)
        {
            return;
        }

        TellMissingHistograms(programs[0].File);
        IReadOnlyList<UntypedRecords> untyped = UntypedRecords.In(programs[0].File);
        if (untyped.Count > 0)
        {
            WriteWarning(UntypedText.Warning(untyped, new SourceCompiler(this).FindTypes(request)));
        }

        foreach ((string path, PlatformProgram program) in (outFiles ?? []).Zip(programs))
        {
            AtomicFile.Write(path, program.Result.Object!);
        }

        if (reference is not null)
        {
            WriteObject(Stores.Own.Add([.. programs.Select(program => Content(source, program))], reference));
        }
        else
        {
            // As Get-Item gives it, with all that its view needs.
            WriteObject(InvokeProvider.Item.Get([.. outFiles!], force: true, literalPath: true), enumerateCollection: true);
        }
    }

    private void WriteCommands(CompileRequest request, string folder)
    {
        try
        {
            WriteNote($"Wrote {Bee.Toolchain.Compiling.CompileCommands.Write(request, folder, Stop)}.");
        }
        catch (JsonException fault)
        {
            string path = System.IO.Path.Combine(folder, Bee.Toolchain.Compiling.CompileCommands.FileName);
            throw new BeeInputException("BadCompileCommands", $"'{path}' is not a list of compile commands: {fault.Message}", "Correct it, or delete it.");
        }
    }

    // The author hears of it here, who can still change it; whoever runs the program is warned again.
    private void TellMissingHistograms(ObjectFile file)
    {
        foreach (MapDescription map in file.Maps.Where(map => map.Role == MapRole.Histogram))
        {
            if (HistogramType.WhyNot(map) is { } why)
            {
                WriteWarning($"{map.Name} will stream as it is and not as histograms: {why}.");
            }
        }
    }

    private ImageContent Content(BuildSource source, PlatformProgram program)
    {
        ProgramManifest manifest = source.Manifest;
        GadgetMetadata gadget = source.Gadget;
        string authors = string.Join(", ", Author.Length > 0 ? Author : manifest.Authors);
        return new ImageContent
        {
            Program = program.Result.Object!,
            Config = ImageConfigs.From(program.File, ImageConfigs.Facts(source, program.Result)),
            Platform = program.Platform,
            Authors = authors.Length > 0 ? authors : null,
            Title = gadget.Name,
            Description = Description ?? manifest.Description ?? gadget.Description,
            License = License ?? manifest.License,
            Source = Address(Source ?? manifest.Source ?? gadget.Source),
            Url = Address(gadget.Homepage),
            Documentation = Address(gadget.Documentation),
            Revision = Revision,
        };
    }

    // Everyone who can pull the image can read this, and git addresses often hold a token.
    private static string? Address(string? source)
        => source is not null && source.StartsWith("http", StringComparison.OrdinalIgnoreCase) && Redaction.HasLogin(source)
            ? throw new BeeInputException("SecretInSource", $"The address '{Redaction.WithoutLogin(source)}' holds a login, and would be published with the image.", "Leave the login out of it.")
            : source;

    private ImageReference Reference(BuildSource source)
    {
        string? name = Tag ?? source.Manifest.Name;
        ImageReference reference = name is null ? ImageNames.FromFile(source.File) : ImageReference.Parse(name).WithDefaultTag();
        return _written.Add(reference.ToString()) ? reference : throw new BeeInputException(
            "SameTarget", $"Another input of this pipeline has the name {reference} already.", "Build one file for each -Tag, or leave -Tag out.");
    }

    // With several platforms each object has its own in the file's name.
    private string[]? OutPaths(BuildSource source, Platform[] platforms)
    {
        if (OutFile is null && !BinaryOnly)
        {
            return null;
        }

        string path = FullPath(OutFile ?? ".");
        string file = Directory.Exists(path) || System.IO.Path.EndsInDirectorySeparator(path) ? System.IO.Path.Combine(path, $"{System.IO.Path.GetFileNameWithoutExtension(source.File)}.o") : path;
        string[] files = platforms.Length == 1 ? [file] : [.. platforms.Select(platform => System.IO.Path.ChangeExtension(file, $"{platform}"[6..].Replace('/', '-') + System.IO.Path.GetExtension(file)))];
        return files.FirstOrDefault(name => !_written.Add(name)) is { } twice
            ? throw new BeeInputException("SameTarget", $"Another input of this pipeline has been written to {twice} already.", "Give a folder with -OutFile, or build one file at a time.")
            : files;
    }
}
