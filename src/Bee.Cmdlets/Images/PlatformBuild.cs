using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;

namespace Bee.Cmdlets.Images;

/// <summary>A program that was built for one platform.</summary>
/// <param name="Platform">The platform.</param>
/// <param name="Result">The compiler's result.</param>
/// <param name="File">The object, with its author's metadata.</param>
internal sealed record PlatformProgram(Platform Platform, CompileResult Result, ObjectFile File);

/// <summary>Builds a source for several platforms, one after the other. It stops at the first failure, because an image contains all platforms or is not built.</summary>
internal sealed class PlatformBuild(SourceCompiler compiler, BuildSource source, KernelTypeFiles types)
{
    private readonly HashSet<string> _reported = [];

    /// <summary>Builds the source.</summary>
    /// <param name="request">The source and its options, the same for all platforms.</param>
    /// <param name="platforms">The platforms.</param>
    /// <returns>One program for each platform; null if a build failed, after its errors have been written.</returns>
    /// <exception cref="BeeInputException">The source depends on kernel types that are not available for a platform.</exception>
    public IReadOnlyList<PlatformProgram>? Run(CompileRequest request, IReadOnlyList<Platform> platforms)
    {
        var programs = new List<PlatformProgram>();
        foreach (Platform platform in platforms)
        {
            if (Build(request with { Architecture = platform.Architecture, VmlinuxBtf = types.For(platform) }, platform) is not { } program)
            {
                return null;
            }

            programs.Add(program);
        }

        return programs;
    }

    private PlatformProgram? Build(CompileRequest request, Platform platform)
    {
        CompileResult result = compiler.Compile(request);
        if (!result.HasRegisters && types.Own.TryGetValue(platform, out string? file))
        {
            throw new BeeInputException("BadVmlinuxBtf", $"The BTF in '{file}' is that of a {result.VmlinuxArchitecture} kernel, not of {platform}.", $"Copy /sys/kernel/btf/vmlinux from a {platform} machine.");
        }

        if (!result.Success && !result.HasRegisters)
        {
            // Finds out whether the source itself is at fault, by compiling it for the platform that the BTF belongs to.
            CompileResult there = compiler.Compile(request with { Architecture = result.VmlinuxArchitecture, LittleEndian = true });
            result = there.Success ? throw NeedsTypes(result, platform) : there;
        }

        compiler.Report(result, request.Source, _reported);
        if (result.Object is not { } bytes)
        {
            return null;
        }

        // ObjectFile reads little-endian objects only. Apart from the byte order, both objects are the same.
        byte[]? readable = platform.IsBigEndian ? compiler.Compile(request with { LittleEndian = true }).Object : bytes;
        return compiler.Describe(source, request, readable ?? bytes) is { } described ? new PlatformProgram(platform, result, described) : null;
    }

    private BeeInputException NeedsTypes(CompileResult result, Platform platform)
    {
        Diagnostic first = result.Diagnostics.First(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        string place = first.File is null ? source.File : $"{first.File}:{first.Line}";
        string why = result.Diagnostics.Any(diagnostic => diagnostic.Message.Contains("regs", StringComparison.Ordinal))
            ? $"it reads CPU registers, which differ on {platform}"
            : "it uses types that differ between the two";
        return new BeeInputException(
            "NeedsPlatformTypes",
            $"{Path.GetFileName(source.File)} cannot be built for {platform} with the BTF of a {result.VmlinuxArchitecture} kernel: {why}. First error: {place}: {first.Message}.",
            $"Pass the BTF of a {platform} kernel: -VmlinuxBtf @{{ '{platform}' = FILE }}, where FILE is a copy of /sys/kernel/btf/vmlinux from such a machine. Or use program kinds that do not read registers, such as tracepoint and fentry.");
    }
}

/// <summary>The BTF files that a build uses.</summary>
/// <param name="Common">The file for every platform without its own; null for the running kernel's BTF.</param>
/// <param name="Own">The files by platform.</param>
internal sealed record KernelTypeFiles(string? Common, IReadOnlyDictionary<Platform, string> Own)
{
    private const string Id = "BadVmlinuxBtf";

    /// <summary>Returns the file for a platform; null for the running kernel's BTF.</summary>
    public string? For(Platform platform) => Own.GetValueOrDefault(platform) ?? Common;

    /// <summary>Reads the value of -VmlinuxBtf: a path, or a hashtable of platforms and paths.</summary>
    /// <param name="given">The value; null if the parameter was not used.</param>
    /// <param name="platforms">The platforms that are built for.</param>
    /// <param name="fullPath">Makes a path absolute.</param>
    /// <exception cref="BeeInputException">The value is neither, or names a platform that is not built for.</exception>
    /// <exception cref="StoreException">A key is not a platform.</exception>
    public static KernelTypeFiles From(object? given, IReadOnlyCollection<Platform> platforms, Func<string, string> fullPath)
    {
        object? value = given is PSObject wrapped ? wrapped.BaseObject : given;
        if (value is not IDictionary table)
        {
            return new KernelTypeFiles(value is null ? null : fullPath(PathOf(value)), new Dictionary<Platform, string>());
        }

        var own = new Dictionary<Platform, string>();
        foreach (DictionaryEntry entry in table)
        {
            var platform = Platform.Parse($"{entry.Key}");
            if (!platforms.Contains(platform))
            {
                throw new BeeInputException(Id, $"-VmlinuxBtf has a file for {platform}, but the build is for {string.Join(", ", platforms)}.", $"Add {platform} to -Platform, or remove its file.");
            }

            if (!own.TryAdd(platform, fullPath(PathOf(entry.Value))))
            {
                throw new BeeInputException(Id, $"-VmlinuxBtf has two files for {platform}.");
            }
        }

        return new KernelTypeFiles(null, own);
    }

    private static string PathOf(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        string { Length: > 0 } path => path,
        FileInfo file => file.FullName,
        _ => throw new BeeInputException(Id, "-VmlinuxBtf expects a file path, or a hashtable of platforms and paths.", "For example @{ 'linux/arm64' = './arm64.btf' }."),
    };
}
