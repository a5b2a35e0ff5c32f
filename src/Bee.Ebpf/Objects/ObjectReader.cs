using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Objects;

/// <summary>Checks an object file and describes it.</summary>
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
        var parameters = ParameterReader.Read(elf, layout);
        var sources = GadgetSources.Read(btf);
        var file = new ObjectFile(name, bytes)
        {
            License = License(elf),
            Btf = btf,
            Maps = sources is null ? maps : [.. maps.Select(sources.Apply)],
            Programs = [.. programs.Select(program => IteratorRecords.Apply(sources?.Apply(program) ?? program, btf))],
            Parameters = sources is null ? parameters : [.. parameters.Select(sources.Apply)],
        };
        file = file.WithSizedMaps(new BoundParameters(file, []));
        return DescriptionTags.Read(file) is { } said ? file.WithMetadata(said) : file;
    }

    private static string License(ElfFile elf)
    {
        // A relic: kernels before 5.0 wanted to know their own version. The loader still insists on its size.
        if (elf.Find(VersionSection) is { Size: not sizeof(int) })
        {
            throw ElfFile.Damaged("its section 'version' has not 4 bytes");
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
