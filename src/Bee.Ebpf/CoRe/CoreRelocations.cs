using System.Buffers.Binary;
using System.Globalization;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>Resolves all relocations of an object, in libbpf's order.</summary>
internal static class CoreRelocations
{
    public static IReadOnlyList<(CoreResolution Resolution, RelocationResult Result)> Resolve(ObjectCode code, TargetKernel kernel)
    {
        var results = new List<(CoreResolution, RelocationResult)>();
        if (code.File.Btf is not { } btf)
        {
            return results;
        }

        var resolver = new CoreResolver(kernel);
        var (section, number) = (-1, 0);
        foreach (var relocation in BtfExtReader.Relocations(code.Elf, btf))
        {
            number = relocation.Section == section ? number + 1 : 0;
            section = relocation.Section;
            var function = code.At(section, relocation.Offset);

            // Programs that are not loaded are not relocated, and the linker drops code outside of functions.
            if (function is null || function.Program is { AutoLoad: false })
            {
                continue;
            }

            var resolution = resolver.Resolve(relocation, code.Bytes(section));
            results.Add((resolution, Describe(code, function, number, resolution)));
        }

        return results;
    }

    private static RelocationResult Describe(ObjectCode code, CodeFunction function, int number, CoreResolution resolution)
    {
        var relocation = resolution.Relocation;
        var line = code.LineAt(relocation.Section, relocation.Offset);
        return new RelocationResult
        {
            Function = function.Name,
            Instruction = (relocation.Offset - function.Start) / Instruction.Length,
            Number = number,
            Kind = Word(relocation.Kind),
            Subject = relocation.Root + (resolution.Local?.Way() ?? ""),
            File = line?.File,
            Line = line?.Line ?? 0,
            SourceText = line?.Text,
            State = (RelocationState)resolution.State,
            AsksWhether = relocation.AsksWhether,
            LocalValue = resolution.LocalValue,
            TargetValue = resolution.TargetValue,
            Reason = resolution.Reason,
            Near = resolution.Near,
            Section = relocation.Section,
            Offset = relocation.Offset,
        };
    }

    private static string Word(CoreRelocationKind kind) => kind switch
    {
        CoreRelocationKind.FieldOffset => "offset",
        CoreRelocationKind.FieldSize or CoreRelocationKind.TypeSize => "size",
        CoreRelocationKind.FieldExists or CoreRelocationKind.TypeExists or CoreRelocationKind.EnumeratorExists => "existence",
        CoreRelocationKind.FieldSigned => "sign",
        CoreRelocationKind.FieldLeftShift or CoreRelocationKind.FieldRightShift => "shift",
        CoreRelocationKind.LocalTypeId or CoreRelocationKind.TargetTypeId => "type id",
        CoreRelocationKind.TypeMatches => "match",
        CoreRelocationKind.EnumeratorValue => "value",
        _ => $"relocation {(int)kind}",
    };
}

/// <summary>The property of kernel types that a CO-RE relocation asks for (enum bpf_core_relo_kind, include/uapi/linux/bpf.h).</summary>
internal enum CoreRelocationKind
{
    FieldOffset = 0,
    FieldSize = 1,
    FieldExists = 2,
    FieldSigned = 3,
    FieldLeftShift = 4,
    FieldRightShift = 5,
    LocalTypeId = 6,
    TargetTypeId = 7,
    TypeExists = 8,
    TypeSize = 9,
    EnumeratorExists = 10,
    EnumeratorValue = 11,
    TypeMatches = 12,
}

/// <summary>An instruction with a number that depends on the kernel (a CO-RE relocation).</summary>
/// <param name="Section">The index of its section in the ELF file.</param>
/// <param name="Offset">The offset of the instruction in its section, in bytes.</param>
/// <param name="Kind">The property that it asks for.</param>
/// <param name="Root">The type in the program's own BTF.</param>
/// <param name="Path">The path to a member, as indexes into the root's members and theirs; for enumerators one index.</param>
internal sealed record CoreRelocation(int Section, int Offset, CoreRelocationKind Kind, BtfType Root, IReadOnlyList<int> Path)
{
    public bool IsOfField => Kind <= CoreRelocationKind.FieldRightShift;

    public bool IsOfEnumerator => Kind is CoreRelocationKind.EnumeratorExists or CoreRelocationKind.EnumeratorValue;

    public bool IsOfType => !IsOfField && !IsOfEnumerator;

    /// <summary>True for relocations that ask whether something exists.</summary>
    public bool AsksWhether =>
        Kind is CoreRelocationKind.FieldExists or CoreRelocationKind.TypeExists or CoreRelocationKind.TypeMatches or CoreRelocationKind.EnumeratorExists;
}

/// <summary>A source line, and the first instruction that was compiled from it.</summary>
/// <param name="Section">The index of the section.</param>
/// <param name="Offset">The offset of the instruction in its section, in bytes.</param>
/// <param name="File">The path of the file, as the compiler recorded it.</param>
/// <param name="Line">The line number, from 1.</param>
/// <param name="Column">The column, from 1; 0 if unknown.</param>
/// <param name="Text">The text of the line.</param>
internal sealed record SourceLine(int Section, int Offset, string File, int Line, int Column, string Text)
{
    /// <summary>Returns the line with the full path of its file, if the file exists next to the object. Objects contain paths relative to the compiler's working folder.</summary>
    public SourceLine In(ObjectFile file) =>
        Path.GetDirectoryName(file.Name) is { Length: > 0 } folder && Path.GetFullPath(Path.Combine(folder, File)) is var path && System.IO.File.Exists(path) ? this with { File = path } : this;

    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}{(Column > 0 ? $":{Column}" : "")}{(Text.Length > 0 ? $" `{Text}`" : "")}";
}

/// <summary>Reads .BTF.ext, which <see cref="BtfExtCheck"/> has validated.</summary>
internal static class BtfExtReader
{
    private const string SectionName = ".BTF.ext";
    private const int LinePlace = 16, RelocationPlace = 24, HeaderWithRelocations = 32;
    private const int BitsOfColumn = 10;

    /// <summary>Returns the source lines, by section and offset.</summary>
    public static List<SourceLine> Lines(ElfFile elf, BtfSpec btf) =>
        [.. from r in Records(elf, btf, LinePlace)
            select new SourceLine(r.Section, (int)Word(r.Bytes, 0), btf.Table.Text(Word(r.Bytes, 1)), (int)(Word(r.Bytes, 3) >> BitsOfColumn), (int)(Word(r.Bytes, 3) & ((1 << BitsOfColumn) - 1)), btf.Table.Text(Word(r.Bytes, 2)).Trim())];

    /// <summary>Returns the CO-RE relocations in file order.</summary>
    public static List<CoreRelocation> Relocations(ElfFile elf, BtfSpec btf) =>
        [.. from r in Records(elf, btf, RelocationPlace)
            select new CoreRelocation(r.Section, (int)Word(r.Bytes, 0), (CoreRelocationKind)Word(r.Bytes, 3), btf.Types[(int)Word(r.Bytes, 1)], Path(btf.Table.Text(Word(r.Bytes, 2))))];

    private static int[] Path(string text) => Array.ConvertAll(text.Split(':'), part => int.Parse(part, CultureInfo.InvariantCulture));

    private static uint Word(ReadOnlyMemory<byte> bytes, int index) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[(4 * index)..]);

    private static IEnumerable<(int Section, ReadOnlyMemory<byte> Bytes)> Records(ElfFile elf, BtfSpec btf, int place)
    {
        if (elf.Find(SectionName) is not { } section)
        {
            yield break;
        }

        var data = elf.Data(section);
        var header = (int)Word(data[4..], 0);
        if (place == RelocationPlace && header < HeaderWithRelocations)
        {
            yield break;
        }

        // The validation skips the position of an empty part.
        var length = (int)Word(data[place..], 1);
        if (length == 0)
        {
            yield break;
        }

        var part = data.Slice(header + (int)Word(data[place..], 0), length);

        var size = (int)Word(part, 0);
        for (part = part[4..]; !part.IsEmpty;)
        {
            var code = elf.Find(btf.Table.Text(Word(part, 0)))!.Index;
            var count = (int)Word(part, 1);
            part = part[8..];
            for (; count > 0; count--, part = part[size..])
            {
                yield return (code, part[..size]);
            }
        }
    }
}
