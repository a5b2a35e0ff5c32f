using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>
/// Compiles C declarations twice: for BPF, for their BTF; and natively, into a program that writes values of the same types. Expected layouts and values thus come from the C compiler.
/// </summary>
internal sealed class CProgram : IDisposable
{
    private const string Types = """
        typedef unsigned char u8; typedef signed char s8; typedef unsigned short u16; typedef short s16;
        typedef unsigned int u32; typedef int s32; typedef unsigned long long u64; typedef long long s64;
        typedef __int128 s128; typedef unsigned __int128 u128;
        typedef u32 ipv4_addr; typedef struct { u8 bytes[16]; } ipv6_addr; typedef u8 mac_addr[6];
        typedef u16 net_port; typedef u16 be16; typedef u32 be32; typedef u64 be64;
        typedef u64 duration; typedef u64 ktime; typedef u64 boottime; typedef s32 syscall_nr;
        typedef s32 errno_value; typedef s32 signal_nr; typedef u64 byte_size; typedef u32 uid_t; typedef u32 gid_t;

        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-records-");

    /// <param name="declarations">C types.</param>
    /// <param name="roots">The types whose BTF is needed, in C: "struct event".</param>
    /// <param name="body">The body of main, which writes with <c>put(&amp;value, size)</c> or printf.</param>
    public CProgram(string declarations, string[] roots, string body = "")
    {
        var globals = string.Concat(roots.Select((root, i) => $"{root} root{i};\n"));
        var bpf = Path.Combine(_folder.FullName, "types.c");
        File.WriteAllText(bpf, Types + declarations + "\n" + globals);
        Run("clang", "-target", "bpf", "-g", "-O1", "-c", bpf, "-o", bpf + ".o");
        Btf = BtfSpec.Parse(Section(File.ReadAllBytes(bpf + ".o"), ".BTF"));
        if (body.Length == 0)
        {
            Output = [];
            return;
        }

        var native = Path.Combine(_folder.FullName, "values.c");
        File.WriteAllText(native, Types + declarations + $$"""

            long write(int, const void *, unsigned long); int printf(const char *, ...); int fflush(void *);
            static void put(const void *at, unsigned long size) { if (write(1, at, size) != (long)size) __builtin_trap(); }
            int main(void) { {{body}} fflush(0); return 0; }
            """);
        Run("clang", "-w", "-O0", native, "-o", native + ".out");
        Output = Run(native + ".out");
    }

    public BtfSpec Btf { get; }

    /// <summary>The output of the native program.</summary>
    public byte[] Output { get; }

    public string Text => Encoding.UTF8.GetString(Output);

    public BtfStruct Struct(string name) => (BtfStruct)Btf.Find(name, BtfKind.Struct)!;

    /// <summary>Returns the type of a global variable, for anonymous types.</summary>
    public BtfType Root(int index) => ((BtfVariable)Btf.Find($"root{index}", BtfKind.Variable)!).Type;

    public RecordType Event(string name, string map = "print_test") =>
        RecordType.ForEvent(new MapDescription { Name = map, Type = MapType.RingBuffer, Value = Struct(name) });

    public void Dispose() => _folder.Delete(recursive: true);

    private static byte[] Run(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return process.ExitCode == 0 ? output.ToArray() : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: {errors.Result}");
    }

    private static byte[] Section(byte[] elf, string name)
    {
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(40));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(60)), names = BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(62));
        (int Name, int Offset, int Size) Header(int i)
        {
            var at = elf.AsSpan(sections + i * 64);
            return ((int)BinaryPrimitives.ReadUInt32LittleEndian(at), (int)BinaryPrimitives.ReadUInt64LittleEndian(at[24..]), (int)BinaryPrimitives.ReadUInt64LittleEndian(at[32..]));
        }

        var wanted = Encoding.ASCII.GetBytes(name + "\0");
        var (_, text, _) = Header(names);
        var found = Enumerable.Range(0, count).Select(Header).First(h => elf.AsSpan(text + h.Name).StartsWith(wanted));
        return elf.AsSpan(found.Offset, found.Size).ToArray();
    }
}
