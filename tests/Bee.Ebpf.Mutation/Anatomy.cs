using System.Buffers.Binary;

namespace Bee.Ebpf.Mutation;

/// <summary>A number somewhere in an object file. Fields of one group mean the same thing in different records.</summary>
internal readonly record struct Field(int Offset, int Width, int Group);

/// <summary>Finds the numbers that define an object file's structure, so that mutations change them more often than random bytes would.</summary>
internal static class Anatomy
{
    private const int HeaderLength = 64;

    public static Field[] Of(byte[] file)
    {
        var fields = new List<Field>();
        AddRecord(fields, 16, 0, 2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2);
        var table = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(40));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(60));
        var names = Section(file, table, BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(62)));
        for (var i = 0; i < count; i++)
        {
            AddRecord(fields, table + i * HeaderLength, 100, 4, 4, 8, 8, 8, 8, 4, 4, 8, 8);
            var (name, type, offset, size) = Section(file, table, i);
            switch (Text(file, names.Offset + name), type)
            {
                case (".BTF", _):
                    AddTypes(file, fields, offset);
                    break;
                case (".BTF.ext", _):
                    AddWords(fields, offset, size, 500);
                    break;
                case (_, 2):
                    AddRecords(fields, offset, size, 200, 4, 1, 1, 2, 8, 8);
                    break;
                case (_, 9):
                    AddRecords(fields, offset, size, 300, 8, 4, 4);
                    break;
                case (".maps" or "license" or "version", _):
                    AddWords(fields, offset, size, 600);
                    break;
            }
        }

        return fields.FindAll(f => f.Offset + f.Width <= file.Length).ToArray();
    }

    /// <summary>Returns the offset and size of a section; 0 if it does not exist.</summary>
    public static (int Offset, int Size) Place(byte[] file, string section)
    {
        var table = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(40));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(60));
        var names = Section(file, table, BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(62)));
        for (var i = 0; i < count; i++)
        {
            var (name, _, offset, size) = Section(file, table, i);
            if (Text(file, names.Offset + name) == section)
            {
                return (offset, size);
            }
        }

        return default;
    }

    private static (int Name, int Type, int Offset, int Size) Section(byte[] file, int table, int index)
    {
        var header = file.AsSpan(table + index * HeaderLength);
        return (BinaryPrimitives.ReadInt32LittleEndian(header), BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
            (int)BinaryPrimitives.ReadInt64LittleEndian(header[24..]), (int)BinaryPrimitives.ReadInt64LittleEndian(header[32..]));
    }

    private static string Text(byte[] file, int offset)
    {
        var end = Array.IndexOf(file, (byte)0, offset);
        return System.Text.Encoding.UTF8.GetString(file, offset, end - offset);
    }

    private static void AddTypes(byte[] file, List<Field> fields, int section)
    {
        AddRecord(fields, section, 400, 2, 1, 1, 4, 4, 4, 4, 4);
        var header = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(section + 4));
        var at = section + header + BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(section + 8));
        var end = at + BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(section + 12));
        while (at < end)
        {
            var info = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 4));
            var kind = (int)(info >> 24 & 0x1f);
            var words = kind switch
            {
                1 or 14 or 17 => 1,
                3 => 3,
                6 or 13 => 2 * (int)(info & 0xffff),
                4 or 5 or 15 or 19 => 3 * (int)(info & 0xffff),
                _ => 0,
            };

            // The group identifies the meaning of a number: a name, a type, an offset.
            for (var i = 0; i < 3 + words; i++)
            {
                fields.Add(new Field(at + 4 * i, 4, i == 0 ? 410 : i < 3 ? 411 + i : 420 + 3 * kind + (i - 3) % (kind is 6 or 13 ? 2 : 3)));
            }

            at += 4 * (3 + words);
        }
    }

    private static void AddWords(List<Field> fields, int offset, int size, int group)
    {
        for (var at = 0; at + 4 <= size; at += 4)
        {
            fields.Add(new Field(offset + at, 4, group));
        }
    }

    private static void AddRecords(List<Field> fields, int offset, int size, int group, params int[] widths)
    {
        var length = widths.Sum();
        for (var at = 0; at + length <= size; at += length)
        {
            AddRecord(fields, offset + at, group, widths);
        }
    }

    private static void AddRecord(List<Field> fields, int offset, int group, params int[] widths)
    {
        foreach (var width in widths)
        {
            fields.Add(new Field(offset, width, group++));
            offset += width;
        }
    }
}
