using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

/// <summary>Each kind of invalid file has its fault, and a message with a remedy.</summary>
public class FaultTests
{
    [Theory]
    [InlineData("", "empty")]
    [InlineData("#include <bpf.h>\nint x;\n", "clang -target bpf")]
    [InlineData("MZ\u0090\0", "Windows")]
    [InlineData("{\"a\":1}", "JSON")]
    [InlineData("PK\u0003\u0004", "zip")]
    [InlineData("\u0001\u0002\u0003\u0004", "not an ELF file")]
    public void Not_ELF(string content, string hint) => Check(Encoding.Latin1.GetBytes(content), ObjectFault.NotElf, hint);

    [ClangFact]
    public void Bitcode() => Check(CompileOnly("bitcode", "-emit-llvm"), ObjectFault.NotElf, "-emit-llvm");

    [Fact]
    public void Another_machines_program()
    {
        if (OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64)
        {
            Check(File.ReadAllBytes("/bin/sh"), ObjectFault.NotBpf, "x86-64");
        }
    }

    [ClangFact]
    public void Linked_instead_of_relocatable()
    {
        var file = Fixtures.Bytes("types");
        file[16] = 2;
        Check(file, ObjectFault.NotBpf, "clang -c");
    }

    [ClangFact]
    public void Names_that_would_rewrite_the_terminal()
    {
        var file = Fixtures.Compile("escape", "#include \"fixture.h\"\nstruct shown_struct { int shown_field; };\n" + Map("__uint(type, HASH); __uint(max_entries, 1); __type(key, int); __type(value, struct shown_struct);") + "\nSEC(\"xdp\") int shown_program(void *c) { return 0; }");
        var record = (BtfStruct)ObjectFile.Read(Changed("shown_field"), "escape.o").Btf!.Find("shown_struct", BtfKind.Struct)!;
        Assert.Equal("\uFFFD[2Jn_field", record.Members[0].Name);
        Check(Changed("shown_program"), ObjectFault.DamagedElf, "'\uFFFD[2Jn_program'");

        byte[] Changed(string name)
        {
            var changed = file.ToArray();
            for (int at; (at = changed.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name))) >= 0;)
            {
                "\u001b[2J"u8.CopyTo(changed.AsSpan(at));
            }

            return changed;
        }
    }

    [ClangFact]
    public void Big_endian() => Check(CompileOnly("big", "-target", "bpfeb"), ObjectFault.WrongEndianness, "bpfel");

    [ClangFact]
    public void Every_cut()
    {
        var file = Fixtures.Bytes("types");
        Check(file[..^1], ObjectFault.Truncated, $"{file.Length - 1} bytes");
        Check(file[..100], ObjectFault.Truncated, "cut off");
        for (var length = 0; length < file.Length; length += 7)
        {
            Assert.Throws<BpfObjectException>(() => ObjectFile.Read(file.AsMemory(0, length), "cut.o"));
        }
    }

    [ClangFact]
    public void No_program()
    {
        Check(Fixtures.Compile("empty", "int x = 1;"), ObjectFault.NoPrograms, "SEC(");
        Check(Fixtures.Compile("library", "int add(int a, int b) { return a + b; }"), ObjectFault.NoPrograms, "SEC(");
    }

    [ClangFact]
    public void No_types() => Check(
        Fixtures.Compile("untypedmap", Map("__uint(type, HASH); __uint(max_entries, 1); __type(key, int); __type(value, int);"), types: false), ObjectFault.NoBtf, "-g");

    [ClangFact]
    public void Old_maps() => Check(
        Fixtures.Compile("oldmaps", "#include \"fixture.h\"\nstruct { int a[5]; } m SEC(\"maps\");" + Body), ObjectFault.Unsupported, ".maps");

    [ClangFact]
    public void Undefined() => Check(
        Fixtures.Compile("undefined", "#include \"fixture.h\"\nextern int elsewhere(void);\nSEC(\"xdp\") int f(void *c) { return elsewhere(); }"), ObjectFault.UndefinedSymbol, "'elsewhere'");

    [ClangFact]
    public void Setting_of_an_unknown_type() => Check(
        Fixtures.Compile("setting", "#include \"fixture.h\"\nstruct s { int a, b; };\nextern struct s CONFIG_X __kconfig;\nSEC(\"xdp\") int f(void *c) { return CONFIG_X.b; }"), ObjectFault.Unsupported, "struct s");

    [ClangFact]
    public void Stripped()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("stripped.o", Fixtures.Bytes("types"));
        Fixtures.Run("llvm-strip", "--strip-all", path);
        Assert.Contains("llvm-strip -g", Assert.Throws<BpfObjectException>(() => ObjectFile.Read(path)).Message);
    }

    [ClangFact]
    public void Maps_that_cannot_be()
    {
        BadMap("__uint(max_entries, 1);", "no type");
        BadMap("__uint(type, HASH); __uint(max_entrys, 1);", "'max_entries'?");
        BadMap("__uint(type, HASH); int max_entries;", "__uint()");
        BadMap("__uint(type, HASH); int key;", "__type()");
        BadMap("__uint(type, HASH); __type(key, u32); __uint(key_size, 8);", "4 and 8");
        BadMap("__uint(type, HASH); __type(key, void);", "no size");
        BadMap("__uint(type, HASH); __uint(pinning, 7);", "pinning");
        BadMap("__uint(type, HASH); __array(values, int);", "values");
    }

    [ClangFact]
    public void Messages_name_the_file() =>
        Assert.StartsWith("some/where.o: ", Assert.Throws<BpfObjectException>(() => ObjectFile.Read(new byte[] { 1 }, "some/where.o")).Message);

    private const string Body = "\nSEC(\"xdp\") int f(void *c) { return 0; }";
    private const string Program = "#include \"fixture.h\"" + Body;

    private static string Map(string definition) =>
        "#include \"fixture.h\"\nstruct { " + definition + " } m SEC(\".maps\");\nSEC(\"xdp\") int f(void *c) { return !map_lookup(&m, c); }";

    private static byte[] CompileOnly(string name, params string[] flags) => Fixtures.Compile(name, Program, true, isStripped: false, flags);

    private static void BadMap(string definition, string hint) => Check(Fixtures.Compile("badmap", Map(definition)), ObjectFault.BadMap, hint);

    private static void Check(byte[] file, ObjectFault fault, string hint)
    {
        var exception = Assert.Throws<BpfObjectException>(() => ObjectFile.Read(file, "bad.o"));
        Assert.Equal(fault, exception.Fault);
        Assert.Contains(hint, exception.Message);
    }
}
