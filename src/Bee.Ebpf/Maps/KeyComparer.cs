namespace Bee.Ebpf;

/// <summary>Keys are the same where their bytes are.</summary>
internal sealed class KeyComparer : IEqualityComparer<byte[]>
{
    public static readonly KeyComparer Instance = new();

    public bool Equals(byte[]? a, byte[]? b) => a.AsSpan().SequenceEqual(b);

    public int GetHashCode(byte[] key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return hash.ToHashCode();
    }
}
