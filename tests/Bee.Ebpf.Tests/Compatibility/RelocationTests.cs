using System.Buffers.Binary;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Tests.Loading;
using Bee.Ebpf.Tests.Objects;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>Bee's results of relocations equal libbpf's, one by one.</summary>
[Collection(KernelFactAttribute.Collection)]
public class RelocationTests(ITestOutputHelper output)
{
    private const string Same = """
        #include "fixture.h"
        enum core_mode { CORE_OFF = 1, CORE_ON = 7, CORE_NEGATIVE = -3 };
        struct core_inner { int a; int b[4]; };
        typedef struct core_inner core_alias;
        typedef int (*core_callback)(struct core_inner *inner, int mode);
        typedef int core_number;
        union core_either { int number; void *pointer; };
        struct core_sample {
            SAMPLE
        };
        """;

    private static readonly string[] s_used =
        ["enum core_mode", "core_alias", "core_callback", "core_number", "union core_either", "struct core_sample"];

    /// <summary>The layout of a struct in other kernels.</summary>
    public static TheoryData<string, string> Kernels => new()
    {
        { "moved", "long pad; void *pointer; char name[16]; u64 big; struct core_inner many[5]; short small; u32 count; int first; struct core_inner inner; "
            + "u64 wide_flag : 33; int gap; u32 flag : 3; int signed_flag : 5; enum core_mode mode; int hidden; long other; int grid[2][3]; char tail[];" },
        { "bitfield", "int first; u64 big; struct core_inner inner; int hidden; long other; u32 flag : 3; int signed_flag : 5; int gap; u64 before : 31; u64 wide_flag : 33;" },
        { "nested", "struct { struct { int x; union { int first; long y; }; }; u64 big; }; struct core_inner inner, many[3]; union { struct { char c; struct { int hidden; }; }; long other; }; "
            + "struct { int z : 2; u32 flag : 3; int signed_flag : 5; u64 wide_flag : 33; enum core_mode mode; void *pointer; short small; u32 count; }; char name[16]; int grid[2][3]; char tail[];" },
        { "resized", "u64 first; u32 big; struct core_inner inner; struct core_inner many[3]; long hidden; int other; u64 flag : 7; int signed_flag : 9; u64 wide_flag : 60; "
            + "enum core_mode mode; int pointer; long small; u64 count; char name[8]; int grid[2][3]; char tail[];" },
        { "gone", "int other_thing; struct core_inner inner; enum core_mode mode;" },
        { "shorter", "int first; u64 big; struct core_inner inner; struct core_inner many[2]; int hidden; long other; unsigned flag; int signed_flag; u64 wide_flag; "
            + "int mode; char *pointer; unsigned char small; u16 count; char name[3]; int grid[1][3]; int tail[4];" },
        { "old", "long gone; int first;" },
        { "kinds", "struct core_inner first; float big; int inner; struct core_inner *many; char hidden; u64 other; u64 flag; u32 signed_flag : 1; u64 wide_flag : 1; "
            + "unsigned mode; struct core_inner *pointer; _Bool small; short count; void *name; long grid; int tail;" },
    };

    [KernelTheory]
    [MemberData(nameof(Kernels))]
    public void Every_kind_on_another_kernel(string kernel, string members) => Compare(kernel, Fixtures.Bytes("core"), Types(members));

    [KernelFact]
    public void Several_types_of_one_name()
    {
        // They agree on the first member, but not on the second.
        var agree = """
            #include "fixture.h"
            struct core_sample { int first; u64 big; };
            struct core_sample___2 { int first; u64 big; int more; };
            """;
        var differ = agree.Replace("int more", "long gone", StringComparison.Ordinal).Replace("u64 big; long", "long x; u64 big; long", StringComparison.Ordinal);
        Compare("agree", Fixtures.Bytes("core"), KernelTypes.Compile(agree, "struct core_sample", "struct core_sample___2"));
        var results = Compare("differ", Fixtures.Bytes("core"), KernelTypes.Compile(differ, "struct core_sample", "struct core_sample___2"));
        var refused = Assert.Single(results, r => r is { State: RelocationState.Refused, Kind: "offset", Subject: "struct core_sample.big" } && r.Function == "fields");
        Assert.Contains("with different results", refused.Reason, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_match_of_whole_types()
    {
        // Older compilers do not emit this kind, so a type existence check is patched.
        var file = Fixtures.Bytes("core");
        foreach (var (at, kind) in RelocationKinds(file))
        {
            if (kind == 8)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), 12);
            }
        }

        foreach (var row in Kernels)
        {
            Compare((string)row[0], file, Types((string)row[1]));
        }

        Compare("same", file, Fixtures.Bytes("core") is var own ? BtfSection.Find(own)!.Value.ToArray() : []);
    }

    [KernelFact]
    public void The_running_kernel()
    {
        var kernel = TargetKernel.Running();
        foreach (var (name, file) in Fixtures.All)
        {
            var log = Loader.Relocate(ObjectFile.Read(file, name));
            Check(name, log, CompatibilityCheck.Relocations(ObjectFile.Read(file, name), kernel));
        }
    }

    [KernelFact]
    public void Random_layouts()
    {
        const int Rounds = 12;
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < Rounds; i++)
        {
            Compare($"seed {seed}, round {i}", Fixtures.Bytes("core"), Types(RandomMembers(random)));
        }
    }

    private static byte[] Types(string members) => KernelTypes.Compile(Same.Replace("SAMPLE", members, StringComparison.Ordinal), s_used);

    // Members in any order, some omitted, some of another type, some in anonymous structs and unions.
    private static string RandomMembers(Random random)
    {
        (string Type, string Name)[] members =
        [
            ("int", "first"), ("u64", "big"), ("struct core_inner", "inner"), ("struct core_inner", "many[3]"), ("int", "hidden"), ("long", "other"), ("u32", "flag : 3"),
            ("int", "signed_flag : 5"), ("u64", "wide_flag : 33"), ("enum core_mode", "mode"), ("void *", "pointer"), ("short", "small"), ("u32", "count"), ("char", "name[16]"), ("int", "grid[2][3]"),
        ];
        string[] types = ["int", "u64", "short", "unsigned char", "enum core_mode", "u32"];
        var text = "";
        random.Shuffle(members);
        var open = 0;
        foreach (var (type, name) in members)
        {
            if (random.Next(4) == 0)
            {
                text += random.Next(2) == 0 ? "struct { " : "union { ";
                open++;
            }

            if (random.Next(8) != 0)
            {
                var other = random.Next(4) == 0 && !name.Contains(':');
                text += $"{(other ? types[random.Next(types.Length)] : type)} {name}; ";
            }

            if (open > 0 && random.Next(3) == 0)
            {
                text += $"char pad{text.Length}; }}; ";
                open--;
            }
        }

        return text + string.Concat(Enumerable.Range(0, open).Select(i => $"char end{i}; }}; "));
    }

    private IReadOnlyList<RelocationResult> Compare(string kernel, byte[] file, byte[] btf)
    {
        var results = CompatibilityCheck.Relocations(ObjectFile.Read(file, "object"), KernelTypes.Kernel(btf));
        Check(kernel, Loader.Relocate(ObjectFile.Read(file, kernel), btf), results);
        return results;
    }

    private void Check(string name, LoaderLog log, IReadOnlyList<RelocationResult> results)
    {
        var (compared, differences) = log.Compare(results);
        output.WriteLine($"{name}: {compared} relocations compared, {log.Outcomes.Values.Count(o => o == "poisoned")} poisoned, {log.Outcomes.Values.Count(o => o == "failed")} failed");
        Assert.True(differences.Count == 0, $"{name}:\n{string.Join('\n', differences)}");
        Assert.True(compared > 0 || results.Count == 0, name);
    }

    // The position of each relocation's kind in the file, and the kind.
    private static IEnumerable<(int At, uint Kind)> RelocationKinds(byte[] file)
    {
        var elf = ElfFile.Parse(file);
        var section = elf.Find(".BTF.ext")!;
        var data = file.AsSpan(section.Offset, section.Size).ToArray();
        int Word(int at) => BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(at));
        var start = Word(4) + Word(24);
        var end = start + Word(28);
        for (var at = start + 4; at < end;)
        {
            var count = Word(at + 4);
            at += 8;
            for (; count > 0; count--, at += Word(start))
            {
                yield return (section.Offset + at + 12, (uint)Word(at + 12));
            }
        }
    }
}
