using System.Globalization;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Tests.Loading;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>The estimate matches the kernel's own count for existing maps.</summary>
[Collection(KernelFactAttribute.Collection)]
public class MapMemoryTests(ITestOutputHelper output)
{
    // Maps that grow: an empty map needs less.
    private static readonly string[] s_growing = ["hash_lazy", "prefixes"];

    [KernelFact]
    public void Each_map_gets_its_metadata()
    {
        var file = Fixture.Object("memory");
        var memory = new MapMemory(BtfSpec.ReadKernel(), Cpus.Possible, Environment.SystemPageSize);
        using var session = BpfSession.Load(file, new BpfSessionOptions());
        if (KernelHost.Current.Version < new Version(6, 4))
        {
            output.WriteLine("not compared: kernels before 6.4 count otherwise");
            return;
        }

        var differences = new List<string>();
        // A variable's memory belongs to its section.
        foreach (var map in session.Maps.Where(map => map.Description.Place is null))
        {
            var kernel = MemoryOf(map);
            var bee = memory.Estimate(map.Description);
            if (s_growing.Contains(map.Name) ? bee < kernel : bee != kernel)
            {
                differences.Add($"{map.Name}: the kernel {kernel}, Bee {bee}");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.Equal(file.Maps.Count, session.Maps.Count);
    }

    [Fact]
    public void Without_types_typical_sizes_are_taken()
    {
        var memory = new MapMemory(null, 4, 4096);
        Assert.Equal(304 + (3 + 16) * 4096 + (3 + 32) * 8, memory.Estimate(new MapDescription { Name = "r", Type = MapType.RingBuffer, MaxEntries = 1 << 16 }));
        Assert.Null(memory.Estimate(new MapDescription { Name = "s", Type = MapType.SocketStorage }));
        Assert.Equal(65 * 4096 * 4, memory.Reader(new MapDescription { Name = "print_p", Type = MapType.PerfEventArray, Role = MapRole.Print }));
    }

    private static long? MemoryOf(BpfMap map)
    {
        const string Field = "memlock:";
        var line = File.ReadLines($"/proc/self/fdinfo/{map.Fd}").FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        return line is null ? null : long.Parse(line[Field.Length..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
    }
}
