using System.Buffers.Binary;
using System.Text;
using Bee.Ebpf.Btf;

namespace Bee.Ebpf.Tests.Objects;

/// <summary>Writes BTF sections word by word, including invalid ones.</summary>
internal sealed class BtfBuilder
{
    private readonly List<uint> _types = [];
    private readonly StringBuilder _strings = new("\0");

    /// <summary>Adds a string and returns its offset.</summary>
    public uint Name(string text)
    {
        var offset = (uint)_strings.Length;
        _strings.Append(text).Append('\0');
        return offset;
    }

    /// <summary>Adds a type: name, kind, count, then size or target, then the rest.</summary>
    public BtfBuilder Type(BtfKind kind, string name, uint target, int count = 0, params uint[] extra)
    {
        _types.Add(name.Length == 0 ? 0 : Name(name));
        _types.Add((uint)kind << 24 | (uint)count);
        _types.Add(target);
        _types.AddRange(extra);
        return this;
    }

    /// <summary>Adds a signed 4-byte int.</summary>
    public BtfBuilder Int() => Type(BtfKind.Int, "int", 4, 0, 1u << 24 | 32);

    /// <summary>The section.</summary>
    public byte[] Build()
    {
        var strings = Encoding.UTF8.GetBytes(_strings.ToString());
        var section = new byte[24 + 4 * _types.Count + strings.Length];
        uint[] header = [0x0001_eb9f, 24, 0, (uint)(4 * _types.Count), (uint)(4 * _types.Count), (uint)strings.Length];
        for (var i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(section.AsSpan(4 * i), header[i]);
        }

        for (var i = 0; i < _types.Count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(section.AsSpan(24 + 4 * i), _types[i]);
        }

        strings.CopyTo(section, 24 + 4 * _types.Count);
        return section;
    }
}
