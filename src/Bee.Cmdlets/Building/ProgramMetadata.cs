using Bee.Ebpf;
using Bee.Oci;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>What an image says about its program, read from the object. Nothing in it depends on the time or the folder of the build.</summary>
internal static class ProgramMetadata
{
    public static ImageConfig Describe(ObjectFile file, BuildFacts build) => new()
    {
        Programs = [.. file.Programs.Select(Describe)],
        Maps = [.. file.Maps.Where(map => !map.IsInternal).Select(Describe)],
        Parameters = [.. file.Parameters.Select(Describe)],
        Build = build,
    };

    public static BuildFacts Facts(string source, CompileResult result) => new()
    {
        Source = Path.GetFileName(source),
        Clang = result.ClangVersion,
        Flags = result.Flags,
        VmlinuxDigest = result.VmlinuxDigest,
    };

    private static ImageProgram Describe(ProgramDescription program) => new()
    {
        Name = program.Name,
        Section = program.SectionName,
        Type = program.Type.ToString(),
        AttachTo = program.AttachTo,
    };

    private static ImageMap Describe(MapDescription map) => new()
    {
        Name = map.Name,
        Type = map.Type.ToString(),
        KeySize = map.KeySize,
        ValueSize = map.ValueSize,
        MaxEntries = map.MaxEntries,
        KeyType = map.Key?.ToString(),
        ValueType = map.Value?.ToString(),
        Role = map.Role == MapRole.None ? null : map.Role.ToString(),
    };

    private static ImageParameter Describe(ParameterDescription parameter) => new()
    {
        Name = parameter.Name,
        Type = parameter.TypeName,
        Size = parameter.Size,
        Default = ParameterText.Default(parameter),
    };
}
