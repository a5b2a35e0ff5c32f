using System.Buffers.Binary;
using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Posix;

namespace Bee.Ebpf.Objects;

/// <summary>
/// A compiled BPF object: its maps, programs, parameters and types. Reading one does not involve the kernel and works on any
/// operating system. A damaged file causes a <see cref="BpfObjectException"/>.
/// </summary>
public sealed class ObjectFile
{
    internal ObjectFile(string name, ReadOnlyMemory<byte> bytes)
    {
        Name = name;
        Bytes = bytes;
    }

    /// <summary>The name of the object; the path if <see cref="Read(string)"/> read it.</summary>
    public string Name { get; }

    /// <summary>The bytes of the whole file.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The license that <c>SEC("license")</c> declares, such as "GPL"; empty if the object declares none. The kernel reserves many helpers for GPL-compatible programs.</summary>
    public string License { get; internal init; } = "";

    /// <summary>The types, or null for a file that was compiled without <c>-g</c>.</summary>
    internal BtfSpec? Btf { get; init; }

    /// <summary>The maps: those that the source declares, in file order, then the internal ones of global variables, then the variables of .data and .bss.</summary>
    public IReadOnlyList<MapDescription> Maps { get; internal init; } = [];

    /// <summary>The programs, in the order of sections and of their offset.</summary>
    public IReadOnlyList<ProgramDescription> Programs { get; internal init; } = [];

    /// <summary>
    /// The parameters, which can be set before the object is loaded: first the <c>const volatile</c> globals in section order, then the plain globals that are initialized
    /// with a number or text other than zero, and those with metadata.
    /// </summary>
    public IReadOnlyList<ParameterDescription> Parameters { get; internal init; } = [];

    /// <summary>The other plain globals. They can be set before the load too, but most of them hold results of programs.</summary>
    public IReadOnlyList<ParameterDescription> Globals { get; internal init; } = [];

    /// <summary>The object's own filter by containers; null if it has none.</summary>
    internal TargetFilter? Filter { get; init; }

    /// <summary>Returns the same object with more metadata. It overrides the existing metadata.</summary>
    /// <param name="metadata">The metadata. Names that the object does not contain are ignored.</param>
    /// <returns>A new description of the same bytes.</returns>
    internal ObjectFile WithMetadata(ObjectMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return new ObjectFile(Name, Bytes)
        {
            License = License,
            Btf = Btf,
            Filter = Filter,
            Maps = [.. Maps.Select(map => metadata.Maps.TryGetValue(map.Name, out var own) ? RecordTypes.Apply(map.WithMetadata(own), Btf) : map)],
            Programs = [.. Programs.Select(program => metadata.Programs.TryGetValue(program.Name, out var own) ? RecordTypes.Apply(program.WithMetadata(own), Btf) : program)],
            Parameters = [.. Parameters.Concat(Globals.Where(IsDescribed)).Select(parameter => metadata.Parameters.TryGetValue(parameter.Name, out var own) ? parameter.WithMetadata(own) : parameter)],
            Globals = [.. Globals.Where(global => !IsDescribed(global))],
        };
        bool IsDescribed(ParameterDescription global) => metadata.Parameters.TryGetValue(global.Name, out var own) && own != ParameterMetadata.None;
    }

    /// <summary>Returns the object with the numbers of entries that parameters set (<see cref="ParameterDescription.SizesMap"/>).</summary>
    /// <param name="parameters">The values of the parameters.</param>
    internal ObjectFile WithSizedMaps(BoundParameters parameters)
    {
        var entries = Parameters.Where(p => p.SizesMap is not null).DistinctBy(p => p.SizesMap).ToDictionary(p => p.SizesMap!, p => Number(parameters[p].Span));
        return entries.Count == 0 ? this : WithMaps([.. Maps.Select(map => entries.TryGetValue(map.Name, out var count) ? map.WithEntries(count) : map)]);
    }

    /// <summary>Returns the same object with other descriptions of its maps.</summary>
    internal ObjectFile WithMaps(IReadOnlyList<MapDescription> maps) => new(Name, Bytes)
    {
        License = License,
        Btf = Btf,
        Filter = Filter,
        Maps = maps,
        Programs = Programs,
        Parameters = Parameters,
        Globals = Globals,
    };

    // The value in the file may be shorter than the variable; the rest is zero.
    private static uint Number(ReadOnlySpan<byte> value)
    {
        Span<byte> whole = stackalloc byte[sizeof(uint)];
        value[..Math.Min(value.Length, whole.Length)].CopyTo(whole);
        return BinaryPrimitives.ReadUInt32LittleEndian(whole);
    }

    /// <summary>Reads and validates an object file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <returns>The description.</returns>
    /// <exception cref="BpfObjectException">The file is not a BPF object, or is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the file.</exception>
    public static ObjectFile Read(string path) => Read(RegularFile.ReadAllBytes(path), path);

    /// <summary>Reads and validates an object from a stream, up to the stream's end.</summary>
    /// <param name="stream">The stream. It stays open.</param>
    /// <param name="name">The name that messages use for the object.</param>
    /// <returns>The description.</returns>
    /// <exception cref="BpfObjectException">The bytes are not a BPF object, or are damaged.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static ObjectFile Read(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return Read(bytes.ToArray(), name);
    }

    /// <summary>Validates and describes an object in memory.</summary>
    /// <param name="bytes">The whole file. The description refers to this memory, so it must not change.</param>
    /// <param name="name">The name that messages use for the object.</param>
    /// <returns>The description.</returns>
    /// <exception cref="BpfObjectException">The bytes are not a BPF object, or are damaged.</exception>
    public static ObjectFile Read(ReadOnlyMemory<byte> bytes, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return ObjectReader.Read(bytes, name);
        }
        catch (BpfObjectException fault)
        {
            fault.Name(name);
            throw;
        }
    }
}

/// <summary>Validates and describes an object.</summary>
internal static class ObjectReader
{
    private const string BtfSection = ".BTF";
    private const string LicenseSection = "license";
    private const string VersionSection = "version";

    public static ObjectFile Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var elf = ElfFile.Parse(bytes);
        var btf = elf.Find(BtfSection) is { } section ? BtfSpec.Parse(elf.Data(section).Span) : null;
        var layout = btf is null ? null : DataLayout.Read(elf, btf);
        var programs = ProgramReader.Read(elf);
        var externs = Externs.Read(elf, btf);
        BtfExtCheck.Check(elf, btf);
        var maps = MapReader.Read(elf, btf, layout, externs);
        var plain = ParameterReader.ReadPlain(elf, layout).ToLookup(ParameterReader.IsListed);
        IReadOnlyList<ParameterDescription> constants = ParameterReader.Read(elf, layout);
        IReadOnlyList<ParameterDescription> parameters = [.. constants.Where(constant => constant.Name != TargetFilter.SwitchName), .. plain[true]];
        var filter = TargetFilter.Find(maps, constants);
        // Every object that includes bee.h declares the map, but few use it.
        maps = filter is null ? [.. maps.Where(map => map.Name != TargetFilter.MapName)] : maps;
        var sources = GadgetSources.Read(btf);
        var file = new ObjectFile(name, btf is null ? bytes : GadgetRelocations.Remove(bytes, elf, btf))
        {
            License = License(elf),
            Btf = btf,
            Filter = filter,
            Maps = [.. maps.Select(map => RecordTypes.Apply(sources?.Apply(map) ?? map, btf))],
            Programs = [.. programs.Select(program => RecordTypes.Apply(sources?.Apply(program) ?? program, btf))],
            Parameters = sources is null ? parameters : [.. parameters.Select(sources.Apply)],
            Globals = [.. plain[false]],
        };
        file = file.WithSizedMaps(new BoundParameters([]));
        return DescriptionTags.Read(file) is { } metadata ? file.WithMetadata(metadata) : file;
    }

    private static string License(ElfFile elf)
    {
        // Kernels before 5.0 required their own version here. libbpf still validates the size.
        if (elf.Find(VersionSection) is { Size: not sizeof(int) })
        {
            throw ElfFile.Damaged("its section 'version' does not have 4 bytes");
        }

        if (elf.Find(LicenseSection) is not { } section)
        {
            return "";
        }

        var text = elf.Data(section).Span;
        var end = text.IndexOf((byte)0);
        return text.IsEmpty
            ? throw ElfFile.Damaged("its license is empty; declare char LICENSE[] SEC(\"license\") = \"GPL\"")
            : Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
