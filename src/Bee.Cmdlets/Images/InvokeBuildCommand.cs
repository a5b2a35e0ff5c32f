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

/// <summary>Compiles a C file to an eBPF object, packs it into an image and stores the image.</summary>
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

    /// <summary>The image's reference. By default the name in bee.yaml or of the file, with the tag latest.</summary>
    [Parameter(Position = 1, ParameterSetName = "Image")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string? Tag { get; set; }

    /// <summary>The output file of the object. In a folder, the object is named after the source, with the extension .o.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>Writes the object only, and builds no image. By default to the current folder.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Binary")]
    public SwitchParameter BinaryOnly { get; set; }

    /// <summary>Macro definitions, each NAME or NAME=VALUE.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Define { get; set; } = [];

    /// <summary>Include folders for a C file, searched before those in its bee.yaml.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>Additional arguments for clang, one per item.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] CFlags { get; set; } = [];

    /// <summary>The target platforms, such as linux/amd64 and linux/arm64. Several platforms are combined in one image. By default those in bee.yaml, or else this machine's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>
    /// A file with the BTF of the kernel to compile for, raw or in an ELF file; or a hashtable of platforms and such files. By default the
    /// running kernel's BTF.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object? VmlinuxBtf { get; set; }

    /// <summary>
    /// The C types of records that no declaration names: a hashtable that maps ring buffers, perf buffers and iterators to structs. The types are stored
    /// in the object.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    /// <summary>Writes compile_commands.json next to the source, so that clangd finds bee.h, vmlinux.h and the compiler flags.</summary>
    [Parameter]
    public SwitchParameter CompileCommands { get; set; }

    /// <summary>The program's authors.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Author { get; set; } = [];

    /// <summary>A description of the program, in one sentence.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Description { get; set; }

    /// <summary>The SPDX expression of the program's license.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? License { get; set; }

    /// <summary>The URL of the source, such as its repository.</summary>
    [Parameter(ParameterSetName = "Image")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Source { get; set; }

    /// <summary>The revision of the source, such as a commit.</summary>
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

        // The objects are read before anything is written, so that an image without a valid description gets no name.
        request = request with { Defines = [.. request.Defines, .. Define], CFlags = CFlags };
        if (CompileCommands)
        {
            // Also written for a source that does not compile yet: that is when an editor helps most.
            WriteCommands(request with { Architecture = platforms[0].Architecture, VmlinuxBtf = types.For(platforms[0]) }, System.IO.Path.GetDirectoryName(source.File)!);
        }

        if (build.Run(request, platforms) is not { } programs)
        {
            return;
        }

        WarnOfMissingHistograms(programs[0].File);
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
            // The objects are what Get-Item returns, because its view needs the properties that the provider adds.
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

    // Warns the author, who can still change the source. Running the tool warns again.
    private void WarnOfMissingHistograms(ObjectFile file)
    {
        foreach (MapDescription map in file.Maps.Where(map => map.Role == MapRole.Histogram))
        {
            if (HistogramType.WhyNot(map) is { } why)
            {
                WriteWarning($"{map.Name} will be shown as plain entries and not as histograms: {why}.");
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

    // The image is readable for everyone who can pull it, and git URLs often contain a token.
    private static string? Address(string? source)
        => source is not null && source.StartsWith("http", StringComparison.OrdinalIgnoreCase) && Redaction.HasLogin(source)
            ? throw new BeeInputException("SecretInSource", $"The address '{Redaction.WithoutLogin(source)}' contains a login, which would be published with the image.", "Remove the login from the address.")
            : source;

    private ImageReference Reference(BuildSource source)
    {
        string? name = Tag ?? source.Manifest.Name;
        ImageReference reference = name is null ? ImageNames.FromFile(source.File) : ImageReference.Parse(name).WithDefaultTag();
        return _written.Add(reference.ToString()) ? reference : throw new BeeInputException(
            "SameTarget", $"Another input of this pipeline was already built as {reference}.", "Give each file its own -Tag, or omit -Tag.");
    }

    // For several platforms, each object has its platform in the file's name.
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
            ? throw new BeeInputException("SameTarget", $"Another input of this pipeline was already written to {twice}.", "Use a folder as -OutFile, or build one file at a time.")
            : files;
    }
}
