using System.ComponentModel;
using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Compiling;

/// <summary>Compiles C to BPF objects with clang.</summary>
internal static class Compiler
{
    /// <summary>Makes clang write one line per diagnostic, without colour, source lines or wrapping, and no files for a bug report if its code generator fails.</summary>
    internal static IReadOnlyList<string> MessageFlags { get; } =
        ["-fno-color-diagnostics", "-fno-caret-diagnostics", "-fmessage-length=0", "-fdiagnostics-parseable-fixits", "-fno-crash-diagnostics"];

    /// <summary>Compiles the sources, and links them if there are several. Errors in a source are diagnostics in the result, not exceptions.</summary>
    /// <param name="request">The compilation.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    /// <returns>The object, and clang's diagnostics of all sources.</returns>
    /// <exception cref="FileNotFoundException">A source file does not exist.</exception>
    /// <exception cref="NotRegularFileException">A source is a pipe, a device or a folder.</exception>
    /// <exception cref="ArgumentException">libbpf does not support the architecture.</exception>
    /// <exception cref="ToolMissingException">clang, llvm-strip or libbpf is not installed, or clang is older than version 12.</exception>
    /// <exception cref="KernelBtfException">The kernel's BTF does not exist, or the given file has no valid BTF.</exception>
    /// <exception cref="Bee.Ebpf.Interop.BpfLoadException">There are several sources, but no libbpf to link them.</exception>
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
    /// <param name="request">The compilation.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    /// <returns>The types in source order; empty if the sources do not compile.</returns>
    /// <exception cref="ToolMissingException">See <see cref="Compile"/>.</exception>
    /// <exception cref="KernelBtfException">See <see cref="Compile"/>.</exception>
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

    // If the result has no error, the object exists.
    private static IReadOnlyList<Diagnostic> CompileOne(string clang, string strip, string source, string made, CompilerFlags flags, IReadOnlyList<string> kept, CancellationToken cancellationToken)
    {
        var diagnostics = CompileOnce(clang, strip, source, made, flags, kept, cancellationToken);
        // A source may declare kernel functions itself, with other types, or use their names for something else.
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

    // Constants of a source replace those of Bee's headers, in any spelling.
    private static IReadOnlyList<Diagnostic> WithoutOwnConstants(IReadOnlyList<Diagnostic> diagnostics) =>
    [
        .. diagnostics.Where(item => item.Option != "-Wmacro-redefined"
            || BeeHeaders.Directory is not { } own || !item.Notes.Any(note => note.File?.StartsWith(own + '/', StringComparison.Ordinal) == true)),
    ];

    /// <summary>Returns the source as an argument for clang, which runs in the source's folder. A name may look like a flag, and @ introduces a file with arguments.</summary>
    internal static string Argument(string source) => Path.GetFileName(source) is var name && name[0] is '-' or '@' ? "./" + name : name;

    private static bool Failed(IEnumerable<Diagnostic> diagnostics) => diagnostics.Any(item => item.Severity == DiagnosticSeverity.Error);

    private static Diagnostic Failure(string message) => new() { Severity = DiagnosticSeverity.Error, Message = message };
}

/// <summary>The input of a compilation: one C file, or several that are linked, and the compiler's settings.</summary>
internal sealed record CompileRequest
{
    /// <summary>The path of the C file. clang runs in its folder, so relative paths in <see cref="CFlags"/> start there.</summary>
    public required string Source { get; init; }

    /// <summary>The paths of further C files, which are compiled and linked with <see cref="Source"/> into one object, in this order.</summary>
    public IReadOnlyList<string> LinkedSources { get; init; } = [];

    /// <summary>The file with the BTF for vmlinux.h: raw, such as /sys/kernel/btf/vmlinux, or an ELF file with a
    /// .BTF section. Null means the running kernel's. If it belongs to another <see cref="Architecture"/>, programs cannot read registers.</summary>
    public string? VmlinuxBtf { get; init; }

    /// <summary>Macros to define, each <c>NAME</c> or <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Defines { get; init; } = [];

    /// <summary>Additional flags for clang, one argument each. They follow Bee's own flags and override them.</summary>
    public IReadOnlyList<string> CFlags { get; init; } = [];

    /// <summary>The clang to use: a path, or a name on PATH. Null means the environment variable CLANG, then the newest clang on PATH.</summary>
    public string? ClangPath { get; init; }

    /// <summary>The target architecture, as in uname or in the kernel's source (x86_64 or x86, aarch64
    /// or arm64, ...). Null means this machine's. It selects the register layout for kprobes and uprobes, and the byte order of the object.</summary>
    public string? Architecture { get; init; }

    /// <summary>Makes a little-endian object even for a big-endian architecture. Such an object can be read, but does not run there.</summary>
    public bool LittleEndian { get; init; }

    /// <summary>
    /// The C types of records by the name of the buffer or iterator, as <see cref="Bee.Ebpf.Metadata.RecordTypeName"/> reads them. The object contains them in its BTF even if
    /// no declaration refers to them, marked for <see cref="Bee.Ebpf.Objects.RecordTypes"/>. Types that no source defines are ignored.
    /// </summary>
    public IReadOnlyDictionary<string, string> RecordTypes { get; init; } = new Dictionary<string, string>();

    /// <summary>Folders with headers, which are searched before the system's. The folder of bee.h and
    /// solo_types.h (<see cref="BeeHeaders.Directory"/>) is always searched, too.</summary>
    public IReadOnlyList<string> IncludeDirectories { get; init; } = [];
}

/// <summary>The result of a compilation.</summary>
internal sealed record CompileResult
{
    /// <summary>Whether clang produced an object. False if any diagnostic is an error.</summary>
    public required bool Success { get; init; }

    /// <summary>The ELF object with BTF and without DWARF; null on failure. Same source, flags, clang and vmlinux.h
    /// produce the same bytes in any folder. Write it with <see cref="AtomicFile"/>.</summary>
    public byte[]? Object { get; init; }

    /// <summary>The diagnostics in clang's order. Notes are inside the diagnostic that they explain.</summary>
    public required IReadOnlyList<Diagnostic> Diagnostics { get; init; }

    /// <summary>The first line of clang's version output, such as <c>Debian clang version 14.0.6</c>.</summary>
    public required string ClangVersion { get; init; }

    /// <summary><c>sha256:</c> and the digest of the BTF for vmlinux.h.</summary>
    public required string VmlinuxDigest { get; init; }

    /// <summary>The architecture of vmlinux.h's kernel, in the kernel's spelling; null if its types do not reveal it.</summary>
    public string? VmlinuxArchitecture { get; init; }

    /// <summary>False if vmlinux.h belongs to another architecture than the object, so that its register types are hidden.</summary>
    public bool HasRegisters { get; init; } = true;

    /// <summary>The flags that determine the object's bytes. Include folders appear under their names in the object, such as <c>-I/bee/include1</c>.</summary>
    public required IReadOnlyList<string> Flags { get; init; }
}

/// <summary>A macro for clang's <c>-D</c>: <c>NAME</c>, which means 1, or <c>NAME=VALUE</c>. The name may have parameters.</summary>
internal static partial class MacroDefinition
{
    /// <summary>Returns why a definition is invalid; null if it is valid. clang reports an error only if a header uses the name, or not at all.</summary>
    /// <param name="text">The definition.</param>
    public static string? Fault(string text) =>
        Form().IsMatch(text) ? null : $"'{text}' is not a macro: write NAME or NAME=VALUE, with letters, digits and '_' in the name, and no digit first.";

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\([^()=]*\))?(=|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

/// <summary>Links the objects of one tool's sources. Link errors become diagnostics of their source.</summary>
internal static partial class ObjectLinking
{
    /// <summary>Links the objects.</summary>
    /// <param name="sources">The full paths of the C files.</param>
    /// <param name="objects">Their objects, in the same order.</param>
    /// <param name="made">The path of the result.</param>
    /// <returns>Empty, or one error.</returns>
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
                        ? $"'{conflict.Groups[1].Value}' is also defined in another source of this tool."
                        : $"this source does not link with the tool's other sources: {fault.Message}",
                    Remedy = conflict.Success ? "Define it in one source, declare it extern in the others, or make it static." : null,
                },
            ];
        }
    }

    [GeneratedRegex(@"conflicting non-weak symbol #\d+ \((.+?)\) definition")]
    private static partial Regex Conflict();
}
