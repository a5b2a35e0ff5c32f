using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Inconsistent BTF must be rejected without other effects.</summary>
public sealed class DamagedBtfTests
{
    [ClangFact]
    public void A_changed_byte_of_BTF_affects_only_its_own_types()
    {
        using var c = new CProgram("""
            enum st { A, B }; struct in { s16 x:3, y; char t[4]; }; typedef struct in in_t;
            struct outer { u8 a; union { u64 b; u8 raw[8]; }; in_t in, ins[2]; enum st st; _Bool f; s128 big; u32 bits:5; ipv4_addr v4; net_port port; u32 n; u16 rest[]; };
            """, ["struct outer"]);
        var original = Raw(c);
        var random = new Random(3);
        var (refused, made) = (0, 0);
        for (var i = 0; i < 400; i++)
        {
            var bytes = (byte[])original.Clone();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                bytes[random.Next(24, bytes.Length)] = (byte)(random.Next(3) == 0 ? random.Next(256) : random.Next(30));
            }

            try
            {
                foreach (var type in BtfSpec.Parse(bytes).Types.OfType<BtfStruct>())
                {
                    var record = RecordType.ForStruct(type, "damaged");
                    if (record.Size < 1 << 16)
                    {
                        Assert.NotEmpty(record.Decode(new byte[record.Size + 3]).ToString());
                    }

                    made++;
                }
            }
            catch (BpfObjectException)
            {
                refused++;
            }
        }

        Assert.True(refused > 20 && made > 20, $"{refused} refused, {made} made");
    }

    // The bytes of the graph are private, so read them by reflection.
    private static byte[] Raw(CProgram c) =>
        (byte[])typeof(BtfTable).GetField("_section", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(c.Btf.Table)!;
}
