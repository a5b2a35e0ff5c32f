using System.Buffers.Binary;
using System.Text;

namespace Bee.Ebpf;

/// <summary>Names of the functions in a program or library, for suggestions after a miss.</summary>
internal static class BinarySymbols
{
    private const int SymbolTable = 2, DynamicSymbols = 11, Function = 2;
    private const int SymbolSize = 24, SectionSize = 64;
    private const long MostBytes = 256 << 20;

    /// <summary>The function names of a 64-bit little-endian ELF file; empty for what is none, or cannot be read.</summary>
    public static IReadOnlyCollection<string> Functions(string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length <= MostBytes)
            {
                Read(System.IO.File.ReadAllBytes(path), names);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException or OverflowException)
        {
            // A file that is cut short still gives the names up to there.
        }

        return names;
    }

    private static void Read(ReadOnlySpan<byte> bytes, HashSet<string> names)
    {
        if (bytes.Length < 64 || !bytes.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            return;
        }

        var sections = checked((int)BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[60..]);
        for (var i = 0; i < count; i++)
        {
            var section = bytes.Slice(sections + i * SectionSize, SectionSize);
            if (BinaryPrimitives.ReadInt32LittleEndian(section[4..]) is SymbolTable or DynamicSymbols)
            {
                var link = BinaryPrimitives.ReadInt32LittleEndian(section[40..]);
                ReadTable(Content(bytes, section), Content(bytes, bytes.Slice(sections + link * SectionSize, SectionSize)), names);
            }
        }
    }

    private static void ReadTable(ReadOnlySpan<byte> symbols, ReadOnlySpan<byte> strings, HashSet<string> names)
    {
        for (; symbols.Length >= SymbolSize; symbols = symbols[SymbolSize..])
        {
            var defined = BinaryPrimitives.ReadUInt16LittleEndian(symbols[6..]) != 0;
            var start = BinaryPrimitives.ReadInt32LittleEndian(symbols);
            if ((symbols[4] & 0xf) == Function && defined && start > 0)
            {
                var name = strings[start..];
                names.Add(Encoding.UTF8.GetString(name[..Math.Max(0, name.IndexOf((byte)0))]));
            }
        }
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> section) => bytes.Slice(
        checked((int)BinaryPrimitives.ReadInt64LittleEndian(section[24..])), checked((int)BinaryPrimitives.ReadInt64LittleEndian(section[32..])));
}
