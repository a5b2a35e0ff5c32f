using System.Diagnostics;
using System.Text.Json;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Tests.Loading;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Objects;

public class BtfTests
{
    [ClangFact]
    public void Members_have_the_offsets_of_the_compiler()
    {
        var type = (BtfStruct)Fixtures.Read("types").Btf!.Find("everything", BtfKind.Struct)!;
        var members = type.Members.Where(m => m.Name.Length > 0).ToDictionary(m => m.Name);
        Assert.Equal((224, 64), (type.Size, members["padded"].BitOffset));
        Assert.Equal((9, 128), (members["packed"].Type.Size, members["packed"].BitOffset));
        Assert.Equal("struct node *", members["list"].Type.ToString());
        Assert.Equal("int[3][4]", members["matrix"].Type.ToString());
        Assert.Equal("const volatile void *", members["pointer"].Type.ToString());
        Assert.Equal("u8[]", members["tail"].Type.ToString());
        Assert.Equal("union {...}", type.Members.Single(m => m.Name.Length == 0 && m.Type.Resolve().Kind == BtfKind.Union).Type.ToString());
        Assert.Equal((3, 20, 40, 0), (members["low"].BitSize, members["high"].BitSize, members["wide"].BitSize, members["colour"].BitSize));
        Assert.Equal(8, members["high"].BitOffset - members["low"].BitOffset);
        Assert.True(members["yes"].Type.Resolve() is BtfInt { IsBool: true, Size: 1 });
        Assert.True(members["huge"].Type.Resolve() is BtfInt { IsSigned: true, Size: 16, Bits: 128 });
        Assert.True(members["ratio"].Type.Resolve() is BtfFloat { Size: 4 });
        Assert.Equal("whole", type.Graph.Types.OfType<BtfDeclarationTag>().Single(t => t.Target == type).Value);
    }

    [ClangFact]
    public void Enums_know_their_signs()
    {
        var btf = Fixtures.Read("types").Btf!;
        var colour = (BtfEnum)btf.Find("colour", BtfKind.Enum)!;
        Assert.True(colour.IsSigned);
        Assert.Equal([("RED", 0), ("GREEN", 7), ("BLUE", -1)], colour.Values);
        var flags = (BtfEnum)btf.Find("flags", BtfKind.Enum)!;
        Assert.False(flags.IsSigned);
        Assert.Equal(0x8000_0000, flags.Values[^1].Value);
    }

    [ClangFact]
    public void Function_pointers_read_as_in_c()
    {
        var node = (BtfStruct)Fixtures.Read("types").Btf!.Find("node", BtfKind.Struct)!;
        Assert.Equal("int (*)(const struct node *, const struct node *)", node.Members[1].Type.ToString());
        Assert.Equal("struct unknown *", node.Members[2].Type.ToString());
        Assert.Same(node, ((BtfPointer)node.Members[0].Type).Target);
    }

    [BpftoolFact]
    public void Agrees_with_bpftool()
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, bytes) in Fixtures.All)
        {
            var btf = ObjectFile.Read(bytes, name).Btf!;
            using var dump = JsonDocument.Parse(Fixtures.Run(Fixtures.Find("bpftool")!, "-j", "btf", "dump", "file", folder.Write(name + ".dump.o", bytes)));
            var types = dump.RootElement.GetProperty("types");
            Assert.Equal(types.GetArrayLength(), btf.Types.Count - 1);
            foreach (var expected in types.EnumerateArray())
            {
                var type = btf.Types[expected.GetProperty("id").GetInt32()];
                var anonymous = expected.GetProperty("name").GetString() is "(anon)";
                Assert.Equal(anonymous ? "" : expected.GetProperty("name").GetString(), type.Name);
                if (expected.TryGetProperty("size", out var size) && type is not BtfDataSection)
                {
                    Assert.Equal(size.GetInt32(), type.Size);
                }

                if (type is BtfStruct structure)
                {
                    Assert.Equal(
                        expected.GetProperty("members").EnumerateArray().Select(m => m.GetProperty("bits_offset").GetInt32()),
                        structure.Members.Select(m => m.BitOffset));
                }
            }
        }
    }

    [ClangFact]
    public async Task Types_are_the_same_objects_for_every_thread()
    {
        var btf = Fixtures.Read("types").Btf!;
        var rows = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => btf.Types.ToArray())));
        foreach (var row in rows)
        {
            Assert.True(row.SequenceEqual(rows[0], ReferenceEqualityComparer.Instance));
        }
    }

    // All members of a type: none of them may throw.
    internal static void Walk(BtfType type)
    {
        Assert.NotNull(type.ToString());
        Assert.True(type.Size >= 0);
        Assert.NotNull(type.Resolve());
        _ = type switch
        {
            BtfStruct structure => structure.Members.Count,
            BtfEnum choice => choice.Values.Count,
            BtfFunction function => function.Prototype.Parameters.Count,
            BtfDataSection section => section.Entries.Count,
            BtfDeclarationTag tag => tag.ComponentIndex,
            _ => 0,
        };
    }
}

/// <summary>Measures the memory of this process, so no other test may run at the same time.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class BtfMemoryTests(ITestOutputHelper output)
{
    [KernelTypesFact]
    public void The_kernels_types_are_read_completely_and_in_little_memory()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var clock = Stopwatch.StartNew();
        var btf = BtfSpec.ReadKernel();
        var parsed = clock.Elapsed;
        var memory = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{btf.Types.Count} types in {parsed.TotalMilliseconds:f0} ms and {memory / 1e6:f1} MB");

        // The section itself has 5 MB or more; objects for its types would have ten times that.
        Assert.InRange(memory, 0, 40_000_000);
        var task = (BtfStruct)btf.Find("task_struct", BtfKind.Struct)!;
        Assert.Contains(task.Members, m => m.Name == "comm" && m.Type.Size == 16);
        Assert.Null(btf.Find("task_struct", BtfKind.Enum));
        foreach (var type in btf.Types)
        {
            BtfTests.Walk(type);
        }
    }
}
