using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;

namespace Bee.Cmdlets.Images;

/// <summary>A program that was built for a platform.</summary>
/// <param name="Platform">The platform.</param>
/// <param name="Result">What the compiler made.</param>
/// <param name="File">What the object is, with what its author says.</param>
internal sealed record PlatformProgram(Platform Platform, CompileResult Result, ObjectFile File);

/// <summary>Builds a source for one platform after the other. One that it cannot be built for stops it: an image is for all of them or is not made.</summary>
internal sealed class PlatformBuild(SourceCompiler compiler, BuildSource source, KernelTypeFiles types)
{
    private readonly HashSet<string> _told = [];

    /// <summary>Builds.</summary>
    /// <param name="request">What to compile and how, for any platform.</param>
    /// <param name="platforms">The platforms.</param>
    /// <returns>One program for each platform; null if a build failed, after its errors have been written.</returns>
    /// <exception cref="BeeInputException">The source needs what the kernel's types do not say of a platform.</exception>
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
            throw new BeeInputException("BadVmlinuxBtf", $"The types in '{file}' are those of a kernel for {result.VmlinuxArchitecture}, not for {platform}.", $"Copy /sys/kernel/btf/vmlinux from a machine of {platform}.");
        }

        if (!result.Success && !result.HasRegisters)
        {
            // Whether it is the platform or the source: does it compile for the platform that the types are of?
            CompileResult there = compiler.Compile(request with { Architecture = result.VmlinuxArchitecture, LittleEndian = true });
            result = there.Success ? throw NeedsTypes(result, platform) : there;
        }

        compiler.Report(result, request.Source, _told);
        if (result.Object is not { } bytes)
        {
            return null;
        }

        // What reads objects reads little-endian ones; but for that both are the same.
        byte[]? readable = platform.IsBigEndian ? compiler.Compile(request with { LittleEndian = true }).Object : bytes;
        return compiler.Describe(source, request, readable ?? bytes) is { } described ? new PlatformProgram(platform, result, described) : null;
    }

    private BeeInputException NeedsTypes(CompileResult result, Platform platform)
    {
        Diagnostic first = result.Diagnostics.First(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        string place = first.File is null ? source.File : $"{first.File}:{first.Line}";
        string why = result.Diagnostics.Any(diagnostic => diagnostic.Message.Contains("regs", StringComparison.Ordinal))
            ? $"it takes values out of registers, and those are others on {platform}"
            : "it uses what is not the same on both";
        return new BeeInputException(
            "NeedsPlatformTypes",
            $"{Path.GetFileName(source.File)} cannot be built for {platform} with the types of a kernel for {result.VmlinuxArchitecture}: {why}. The first place is {place}: {first.Message}.",
            $"Give the types of a kernel for {platform}: -VmlinuxBtf @{{ '{platform}' = FILE }}, where FILE is a copy of /sys/kernel/btf/vmlinux of such a machine. Or attach to what has no registers, as tracepoints and fentry have none.");
    }
}

/// <summary>The files with kernels' types that a build was given.</summary>
/// <param name="Common">For every platform that has none of its own; null for the running kernel's types.</param>
/// <param name="Own">By platform.</param>
internal sealed record KernelTypeFiles(string? Common, IReadOnlyDictionary<Platform, string> Own)
{
    private const string Id = "BadVmlinuxBtf";

    /// <summary>The file for a platform; null for the running kernel's types.</summary>
    public string? For(Platform platform) => Own.GetValueOrDefault(platform) ?? Common;

    /// <summary>Reads what a person gave: a path, or a hashtable of platforms and paths.</summary>
    /// <param name="given">The value; null for none.</param>
    /// <param name="platforms">The platforms that are built for.</param>
    /// <param name="fullPath">Makes a path absolute.</param>
    /// <exception cref="BeeInputException">It is neither, or a platform is named that is not built for.</exception>
    /// <exception cref="StoreException">A key is no platform.</exception>
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
                throw new BeeInputException(Id, $"-VmlinuxBtf gives types for {platform}, and what is built is for {string.Join(", ", platforms)}.", $"Name it with -Platform too, or leave it out.");
            }

            if (!own.TryAdd(platform, fullPath(PathOf(entry.Value))))
            {
                throw new BeeInputException(Id, $"-VmlinuxBtf gives types for {platform} twice.");
            }
        }

        return new KernelTypeFiles(null, own);
    }

    private static string PathOf(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        string { Length: > 0 } path => path,
        FileInfo file => file.FullName,
        _ => throw new BeeInputException(Id, "-VmlinuxBtf takes a file's path, or a hashtable of platforms and paths.", "Such as @{ 'linux/arm64' = './arm64.btf' }."),
    };
}
