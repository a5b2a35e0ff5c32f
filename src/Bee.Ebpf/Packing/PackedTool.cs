using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Packing;

/// <summary>An object file as it stands among packed events.</summary>
internal static class PackedTool
{
    private sealed record Header : KeptHeader;

    public static byte[] Encode(ObjectFile file) => KeptObject.Encode(new Header { ObjectName = file.Name, Words = KeptObject.Words(file) }, file);

    public static ObjectFile Decode(ReadOnlySpan<byte> bytes) =>
        KeptObject.Decode<Header>(bytes.ToArray()) is (_, var file) ? file : throw PackException.Damaged("an object file cannot be read");
}
