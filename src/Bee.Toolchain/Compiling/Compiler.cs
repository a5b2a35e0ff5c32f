using System.ComponentModel;
using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Compiling;

/// <summary>Compiles C to a BPF object with clang.</summary>
internal static class Compiler
{
    /// <summary>How clang writes its diagnostics: one line each, without colour, source lines or wrapping. It leaves no files for a bug report when its code generator gives up.</summary>
    internal static IReadOnlyList<string> MessageFlags { get; } =
        ["-fno-color-diagnostics", "-fno-caret-diagnostics", "-fmessage-length=0", "-fdiagnostics-parseable-fixits", "-fno-crash-diagnostics"];

    /// <summary>Compiles, and links where there are several sources. Mistakes in a source are diagnostics in the result, not exceptions.</summary>
    /// <param name="request">What to compile and how.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    /// <returns>The object and what clang said of every source.</returns>
    /// <exception cref="FileNotFoundException">There is no such source file.</exception>
    /// <exception cref="NotRegularFileException">A source is a pipe, a device or a folder.</exception>
    /// <exception cref="ArgumentException">libbpf does not know the architecture.</exception>
    /// <exception cref="ToolMissingException">clang, llvm-strip or libbpf is not there, or clang is older than 12.</exception>
    /// <exception cref="KernelBtfException">There is no kernel BTF, or the file given has none that is sound.</exception>
    /// <exception cref="Bee.Ebpf.Interop.BpfLoadException">There are several sources, and no libbpf to link them.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static CompileResult Compile(CompileRequest request, CancellationToken cancellationToken)
    {
        string[] sources = [.. request.LinkedSources.Prepend(request.Source).Select(Path.GetFullPath)];
        foreach (var source in sources)
        {
            RegularFile.Require(source);
        }

        var clang = Clang.Find(request.ClangPath, cancellationToken);
        var strip = clang.FindStrip();
        var header = VmlinuxHeader.For(request.VmlinuxBtf, TargetArchitecture.Name(request.Architecture));
        var work = new DirectoryInfo(PrivateFolder.Make("bee-"));
        try
        {
            var diagnostics = new List<Diagnostic>();
            var objects = new List<string>();
            IReadOnlyList<string> reported = [];
            for (var i = 0; i < sources.Length; i++)
            {
                var folder = Path.GetDirectoryName(sources[i])!;
                var flags = new CompilerFlags(request, folder, Path.GetDirectoryName(header.Path)!);
                reported = flags.Reported;
                var own = work.CreateSubdirectory($"{i}").FullName;
                objects.Add(Path.Combine(own, Path.ChangeExtension(Path.GetFileName(sources[i]), ".o")));
                var kept = request.RecordTypes.Count == 0 ? [] : new SourceTypes(clang.Path, sources[i], flags, own).Keep(request.RecordTypes, cancellationToken);
                diagnostics.AddRange(CompileOne(clang.Path, strip, sources[i], objects[i], flags, kept, cancellationToken));
            }

            var made = sources.Length == 1 ? objects[0] : Path.Combine(work.FullName, "program.o");
            if (sources.Length > 1 && !Failed(diagnostics))
            {
                diagnostics.AddRange(ObjectLinking.Link(sources, objects, made));
            }

            var success = !Failed(diagnostics);
            return new CompileResult
            {
                Success = success,
                Object = success ? RegularFile.ReadAllBytes(made) : null,
                Diagnostics = diagnostics,
                ClangVersion = clang.Version,
                VmlinuxDigest = header.Digest,
                VmlinuxArchitecture = header.Architecture,
                HasRegisters = header.HasRegisters,
                Flags = reported,
            };
        }
        catch (Win32Exception exception)
        {
            throw CannotStart(exception);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    /// <summary>Finds the structs, unions and typedefs that the sources and their own headers define, with their sizes.</summary>
    /// <param name="request">What is compiled and how.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    /// <returns>The types in the order of the sources; empty where these do not compile.</returns>
    /// <exception cref="ToolMissingException">As for <see cref="Compile"/>.</exception>
    /// <exception cref="KernelBtfException">As for <see cref="Compile"/>.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static IReadOnlyList<SourceType> FindTypes(CompileRequest request, CancellationToken cancellationToken)
    {
        var clang = Clang.Find(request.ClangPath, cancellationToken);
        var header = VmlinuxHeader.For(request.VmlinuxBtf, TargetArchitecture.Name(request.Architecture));
        var work = new DirectoryInfo(PrivateFolder.Make("bee-"));
        try
        {
            var found = new List<SourceType>();
            foreach (var source in request.LinkedSources.Prepend(request.Source).Select(Path.GetFullPath))
            {
                var names = SourceText.Read(source, request.IncludeDirectories).Types;
                var flags = new CompilerFlags(request, Path.GetDirectoryName(source)!, Path.GetDirectoryName(header.Path)!);
                var sizes = new SourceTypes(clang.Path, source, flags, work.FullName).Sizes(names, cancellationToken);
                found.AddRange(names.Where(name => sizes.GetValueOrDefault(name) > 0).Select(name => new SourceType(name, sizes[name])));
            }

            return [.. found.Distinct()];
        }
        catch (Win32Exception exception)
        {
            throw CannotStart(exception);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static ToolMissingException CannotStart(Win32Exception exception) =>
        new("clang", Distribution.Current.Package(Tools.Component.Clang), Distribution.Current.Remedy(Tools.Component.Clang), exception.Message);

    // Without an error among what is returned the object is there.
    private static IReadOnlyList<Diagnostic> CompileOne(string clang, string strip, string source, string made, CompilerFlags flags, IReadOnlyList<string> kept, CancellationToken cancellationToken)
    {
        var diagnostics = CompileOnce(clang, strip, source, made, flags, kept, cancellationToken);
        // A source may declare the kernel's functions itself, with types that serve it better, or use their names for something else.
        return diagnostics.Any(KernelHeader.DeclaresOtherwise) ? CompileOnce(clang, strip, source, made, flags, [.. kept, "-D" + KernelHeader.NoFunctions], cancellationToken) : diagnostics;
    }

    private static IReadOnlyList<Diagnostic> CompileOnce(
        string clang, string strip, string source, string made, CompilerFlags flags, IReadOnlyList<string> further, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(source)!;
        string[] arguments = [.. flags.Stable, .. flags.Places, .. MessageFlags, .. further, "-c", "-o", made, "-x", "c", Argument(source)];
        var run = ToolProcess.Run(clang, arguments, folder, cancellationToken);
        var diagnostics = WithoutOwnConstants(UndeclaredFunctions.Judge(HeaderClashes.Fold(BackendErrors.Explain(DiagnosticParser.Parse(run.Error, folder), folder), flags.AuthorFolders)));
        if (Failed(diagnostics))
        {
            return diagnostics;
        }

        if (run.ExitCode != 0 || !File.Exists(made))
        {
            return [.. diagnostics, Failure($"clang failed with code {run.ExitCode}: {run.Error.Trim()}")];
        }

        var stripped = ToolProcess.Run(strip, ["-g", made], null, cancellationToken);
        return stripped.ExitCode == 0 ? diagnostics : [.. diagnostics, Failure($"{strip} failed: {stripped.Error.Trim()}")];
    }

    // A constant of Bee's headers gives way to the source's own, in whatever spelling.
    private static IReadOnlyList<Diagnostic> WithoutOwnConstants(IReadOnlyList<Diagnostic> diagnostics) =>
    [
        .. diagnostics.Where(item => item.Option != "-Wmacro-redefined"
            || BeeHeaders.Directory is not { } own || !item.Notes.Any(note => note.File?.StartsWith(own + '/', StringComparison.Ordinal) == true)),
    ];

    /// <summary>The source as an argument of clang that runs in its folder: a name may look like a flag, and clang reads arguments from a file after an @.</summary>
    internal static string Argument(string source) => Path.GetFileName(source) is var name && name[0] is '-' or '@' ? "./" + name : name;

    private static bool Failed(IEnumerable<Diagnostic> diagnostics) => diagnostics.Any(item => item.Severity == DiagnosticSeverity.Error);

    private static Diagnostic Failure(string message) => new() { Severity = DiagnosticSeverity.Error, Message = message };
}

/// <summary>What to compile and how: a C file, or several that are linked, and what the compiler is told about them.</summary>
internal sealed record CompileRequest
{
    /// <summary>Path of the C file. clang runs in its folder, so relative paths in <see cref="CFlags"/> start there.</summary>
    public required string Source { get; init; }

    /// <summary>Paths of further C files, compiled alike and linked with <see cref="Source"/> into one object, in this order.</summary>
    public IReadOnlyList<string> LinkedSources { get; init; } = [];

    /// <summary>File with BTF that vmlinux.h is written from: raw, as /sys/kernel/btf/vmlinux has it, or an ELF file with a
    /// .BTF section. Null takes the running kernel's. Where it is of a kernel of another <see cref="Architecture"/>, no register can be read.</summary>
    public string? VmlinuxBtf { get; init; }

    /// <summary>Macros to define, each <c>NAME</c> or <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Defines { get; init; } = [];

    /// <summary>Further flags for clang, one argument an item, after Bee's own so that they win.</summary>
    public IReadOnlyList<string> CFlags { get; init; } = [];

    /// <summary>The clang to use: a path, or a name on PATH. Null takes the environment's CLANG, then the newest on PATH.</summary>
    public string? ClangPath { get; init; }

    /// <summary>Architecture that the program runs on, as uname or as the kernel's source names it (x86_64 or x86, aarch64
    /// or arm64, ...). Null is this machine's. It selects the register layout that kprobes and uprobes read, and the byte order of the object.</summary>
    public string? Architecture { get; init; }

    /// <summary>Makes a little-endian object for a big-endian architecture too: one that can be read, but does not run there.</summary>
    public bool LittleEndian { get; init; }

    /// <summary>
    /// The C types of records by the name of the buffer or iterator, as <see cref="Bee.Ebpf.Metadata.RecordTypeName"/> reads them. The object has them in its BTF although
    /// no declaration refers to them, marked for <see cref="Bee.Ebpf.Objects.RecordTypes"/>. What no source defines is left out.
    /// </summary>
    public IReadOnlyDictionary<string, string> RecordTypes { get; init; } = new Dictionary<string, string>();

    /// <summary>Folders with headers, searched before the system's. <see cref="BeeHeaders.Directory"/> has bee.h and
    /// solo_types.h and is searched too, without standing here.</summary>
    public IReadOnlyList<string> IncludeDirectories { get; init; } = [];
}

/// <summary>What came of a compilation.</summary>
internal sealed record CompileResult
{
    /// <summary>Whether clang made an object. False when any diagnostic is an error.</summary>
    public required bool Success { get; init; }

    /// <summary>The ELF object with BTF and without DWARF; null without success. Same source, flags, clang and vmlinux.h
    /// give the same bytes in whatever folder. Write it with <see cref="AtomicFile"/>.</summary>
    public byte[]? Object { get; init; }

    /// <summary>What clang had to say, in its order, notes inside the diagnostic that they belong to.</summary>
    public required IReadOnlyList<Diagnostic> Diagnostics { get; init; }

    /// <summary>The compiler's first line about itself, such as <c>Debian clang version 14.0.6</c>.</summary>
    public required string ClangVersion { get; init; }

    /// <summary><c>sha256:</c> and the digest of the BTF that vmlinux.h was written from.</summary>
    public required string VmlinuxDigest { get; init; }

    /// <summary>Architecture of the kernel that vmlinux.h is of, in the kernel's words; null where its types do not tell.</summary>
    public string? VmlinuxArchitecture { get; init; }

    /// <summary>False where vmlinux.h is of another architecture's kernel than the program is for, so that it lends no registers.</summary>
    public bool HasRegisters { get; init; } = true;

    /// <summary>The flags that decide over the bytes. The request's include folders have the names that stand for them in the object, such as <c>-I/bee/include1</c>.</summary>
    public required IReadOnlyList<string> Flags { get; init; }
}

/// <summary>A macro as clang's <c>-D</c> takes it: <c>NAME</c>, which stands for 1, or <c>NAME=VALUE</c>; the name may have parameters.</summary>
internal static partial class MacroDefinition
{
    /// <summary>What is wrong with a definition; null when nothing is. clang reports it only where a header happens to use the name, or not at all.</summary>
    /// <param name="text">The definition.</param>
    public static string? Fault(string text) =>
        Form().IsMatch(text) ? null : $"'{text}' is not a macro: NAME or NAME=VALUE is wanted, and a name has letters, digits and '_', with no digit first.";

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\([^()=]*\))?(=|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

/// <summary>Links the objects of one program's sources; what does not fit is a diagnostic of the source that it came from.</summary>
internal static partial class ObjectLinking
{
    /// <summary>Links.</summary>
    /// <param name="sources">Full paths of the C files.</param>
    /// <param name="objects">Their objects, in the same order.</param>
    /// <param name="made">Where the result goes.</param>
    /// <returns>Nothing, or one error.</returns>
    internal static IReadOnlyList<Diagnostic> Link(IReadOnlyList<string> sources, IReadOnlyList<string> objects, string made)
    {
        try
        {
            ObjectLinker.Link(objects, made);
            return [];
        }
        catch (ObjectLinkException fault)
        {
            var at = fault.File is null ? -1 : objects.ToList().IndexOf(fault.File);
            var conflict = Conflict().Match(fault.Message);
            return
            [
                new Diagnostic
                {
                    Severity = DiagnosticSeverity.Error,
                    File = at < 0 ? null : sources[at],
                    Line = at < 0 ? 0 : 1,
                    Message = conflict.Success
                        ? $"'{conflict.Groups[1].Value}' is defined in another source of this program too."
                        : $"this does not link with the program's other sources: {fault.Message}",
                    Remedy = conflict.Success ? "Define it in one of them, declare it extern in the others, or make it static." : null,
                },
            ];
        }
    }

    [GeneratedRegex(@"conflicting non-weak symbol #\d+ \((.+?)\) definition")]
    private static partial Regex Conflict();
}
