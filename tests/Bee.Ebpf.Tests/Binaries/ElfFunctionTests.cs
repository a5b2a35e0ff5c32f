using Bee.Ebpf.Elf;
using Bee.Ebpf.Symbols;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Binaries;

/// <summary>Function names from programs that the test compiles, and from damaged ones.</summary>
public sealed class ElfFunctionTests : IDisposable
{
    private const string Source = """
        int inner_function(int n) { return n * 3; }
        __attribute__((visibility("hidden"))) int hidden_function(int n) { return inner_function(n) + 1; }
        int main(int argc, char **argv) { return hidden_function(argc); }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("bee-symbols-").FullName;

    [ClangFact]
    public void Functions_are_found_by_their_place_in_the_file()
    {
        Check("-no-pie");
        Check("-pie", "-fPIE");
        Check("-shared", "-fPIC");
    }

    private void Check(params string[] how)
    {
        var image = ElfImage.Open(Bytes(File.ReadAllBytes(Compile(how))))!;
        var functions = ElfFunctions.Read(image, null);
        var inner = PlaceOf(image, Nm("inner_function"));

        Assert.Equal(("inner_function", 0ul), functions.Find(inner));
        Assert.Equal(("inner_function", 2ul), functions.Find(inner + 2));
        Assert.Equal("hidden_function", functions.Find(PlaceOf(image, Nm("hidden_function")))?.Name);
        Assert.Null(functions.Find(ulong.MaxValue));
        Assert.Null(functions.Find(ulong.MaxValue - 1000));
        Assert.Equal(40, image.BuildId!.Length);
        Assert.Equal(inner, BinaryFunctions.Of(Path.Combine(_folder, "program")).Single(f => f.Name == "inner_function").Offset);
    }

    [ClangFact]
    public void A_file_has_one_symbol_table_of_each_kind()
    {
        // More tables than any real file has, all with the same functions: reading them all would exhaust memory.
        const int SectionSize = 64, SymbolTable = 2, Count = 60_000;
        var whole = File.ReadAllBytes(Compile("-pie", "-fPIE"));
        var sections = whole.AsSpan((int)BitConverter.ToInt64(whole, 40), BitConverter.ToUInt16(whole, 60) * SectionSize).ToArray();
        var table = Enumerable.Range(0, sections.Length / SectionSize).Single(i => BitConverter.ToInt32(sections, (i * SectionSize) + 4) == SymbolTable);
        var bytes = new MemoryStream();
        bytes.Write(whole);
        bytes.Write(sections);
        for (var i = sections.Length / SectionSize; i < Count; i++)
        {
            bytes.Write(sections, table * SectionSize, SectionSize);
        }

        var many = bytes.ToArray();
        BitConverter.TryWriteBytes(many.AsSpan(40), (long)whole.Length);
        BitConverter.TryWriteBytes(many.AsSpan(60), (ushort)Count);
        var image = ElfImage.Open(Bytes(many))!;

        Assert.Equal(Count, image.Sections.Count);
        Assert.Equal("inner_function", ElfFunctions.Read(image, null).Find(PlaceOf(image, Nm("inner_function")))?.Name);
        Assert.InRange(ElfSymbolTable.Of(image).Count(), 1, 2);
    }

    [ClangFact]
    public void A_stripped_file_gets_its_names_from_the_separate_one()
    {
        var whole = File.ReadAllBytes(Compile("-pie", "-fPIE"));
        Fixture.Run("strip", Path.Combine(_folder, "program"));
        var stripped = ElfImage.Open(Bytes(File.ReadAllBytes(Path.Combine(_folder, "program"))))!;
        var place = PlaceOf(ElfImage.Open(Bytes(whole))!, NmOf(whole, "hidden_function"));

        Assert.True(ElfSymbolTable.IsStripped(stripped));
        Assert.Null(ElfFunctions.Read(stripped, null).Find(place));
        Assert.Equal("hidden_function", ElfFunctions.Read(stripped, ElfImage.Open(Bytes(whole))).Find(place)?.Name);
    }

    [ClangFact]
    public void Damaged_files_are_rejected_without_a_crash()
    {
        var whole = File.ReadAllBytes(Compile("-pie", "-fPIE"));
        var random = new Random(7);
        // Most of the damage hits the tables, which are small compared with the rest.
        var sections = (int)BitConverter.ToInt64(whole, 40);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])whole.Clone();
            for (var j = random.Next(1, 6); j > 0; j--)
            {
                var at = random.Next(4) switch { 0 => random.Next(64), 1 => random.Next(64, 64 + 13 * 56), 2 => random.Next(sections, bytes.Length), _ => random.Next(bytes.Length) };
                bytes[at] = random.Next(3) switch { 0 => 0xff, 1 => 0, _ => (byte)random.Next(256) };
            }

            bytes = random.Next(10) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            if (ElfImage.Open(Bytes(bytes)) is { } image)
            {
                var functions = ElfFunctions.Read(image, image);
                for (var place = 0ul; place < 0x3000; place += 0x111)
                {
                    functions.Find(place);
                }
            }
        }
    }

    [Fact]
    public void Files_that_are_not_ELF_have_no_functions()
    {
        Assert.Null(ElfImage.Open(Bytes([])));
        Assert.Null(ElfImage.Open(Bytes(new byte[1000])));
        Assert.Null(SymbolFiles.Get("/dev/zero", 0, withFunctions: true));
        Assert.Empty(BinaryFunctions.Of("/dev/zero"));
        Assert.Null(SymbolFiles.Get("/proc/self", 0, withFunctions: true));
        Assert.Null(SymbolFiles.Get("/no/such/file", 0, withFunctions: true));
    }

    [Fact]
    public void Pipe_is_rejected_without_waiting()
    {
        var pipe = Path.Combine(_folder, "pipe");
        Fixture.Run("mkfifo", pipe);

        Assert.Null(SymbolFiles.Get(pipe, 0, withFunctions: true));
        Assert.Empty(BinaryFunctions.Of(pipe));
        Assert.Empty(StaticProbes.Of(pipe));
    }

    [Fact]
    public void Replaced_file_is_not_used()
    {
        var path = Path.Combine(_folder, "some");
        File.WriteAllText(path, "text");

        Assert.NotNull(SymbolFiles.Get(path, 0, withFunctions: false));
        Assert.Null(SymbolFiles.Get(path, ulong.MaxValue, withFunctions: false));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ElfImage.Reader Bytes(byte[] file) => (offset, count) => offset >= 0 && offset <= file.Length - count ? file[(int)offset..((int)offset + count)] : null;

    private static ulong PlaceOf(ElfImage image, ulong address)
    {
        var (offset, _, start) = image.Segments.Single(s => address >= s.Address && address - s.Address < s.Size);
        return address - start + offset;
    }

    private string Compile(params string[] how)
    {
        var source = Path.Combine(_folder, "program.c");
        File.WriteAllText(source, Source);
        Fixture.Run("clang", [.. how, "-O1", "-fno-inline", "-Wl,--build-id=sha1", source, "-o", Path.Combine(_folder, "program")]);
        return Path.Combine(_folder, "program");
    }

    private ulong Nm(string symbol) => Address(Fixture.Run("nm", Path.Combine(_folder, "program")), symbol);

    private ulong NmOf(byte[] program, string symbol)
    {
        var path = Path.Combine(_folder, "copy");
        File.WriteAllBytes(path, program);
        return Address(Fixture.Run("nm", path), symbol);
    }

    private static ulong Address(string list, string symbol) =>
        Convert.ToUInt64(list.Split('\n').Single(line => line.EndsWith(" " + symbol, StringComparison.Ordinal)).Split(' ')[0], 16);
}
