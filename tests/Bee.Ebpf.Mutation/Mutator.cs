using System.Buffers.Binary;
using Bee.Mutation;

namespace Bee.Ebpf.Mutation;

/// <summary>Mutates object files. Each index of the sequence always yields the same mutated file.</summary>
public sealed class Mutator
{
    private static readonly ulong[] s_interesting =
    [
        0, 1, 2, 3, 4, 7, 8, 12, 16, 24, 31, 32, 64, 0x7f, 0x80, 0xff, 0x100, 0xfff1, 0xfff2, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0,
        0xffff_fff8, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_fff8, 0xffff_ffff_ffff_ffff,
    ];

    private readonly byte[][] _files;
    private readonly Field[][] _fields;
    private readonly (int Offset, int Size)[] _places;
    private readonly ulong _seed;

    /// <summary>Creates a sequence of mutated files.</summary>
    /// <param name="files">Valid objects to mutate, at least one.</param>
    /// <param name="seed">The seed of the sequence.</param>
    /// <param name="part">The part to mutate; files without it are skipped.</param>
    public Mutator(IReadOnlyList<byte[]> files, ulong seed, MutationPart part = MutationPart.All)
    {
        (int Offset, int Size) Place(byte[] file) => part switch
        {
            MutationPart.Types => Anatomy.Place(file, ".BTF"),
            MutationPart.Extension => Anatomy.Place(file, ".BTF.ext"),
            _ => (0, file.Length),
        };

        _files = [.. files.Where(f => Place(f).Size > 0)];
        _places = Array.ConvertAll(_files, Place);
        _fields = [.. _files.Select((f, i) => Array.FindAll(Anatomy.Of(f), field => field.Offset >= _places[i].Offset && field.Offset < _places[i].Offset + _places[i].Size))];
        _seed = seed;
    }

    /// <summary>Returns a mutated file.</summary>
    /// <param name="index">The index in the sequence.</param>
    /// <returns>The bytes; a new array each time.</returns>
    public byte[] Make(long index)
    {
        var chance = new Chance(_seed ^ (ulong)index * 0xd134_2543_de82_ef95);
        chance.Bits();
        var which = chance.Below(_files.Length);
        var file = (byte[])_files[which].Clone();

        // Most files get one mutation, so that later checks are reached too. Some get many.
        do
        {
            file = chance.OneIn(4) ? Coarse(ref chance, file, _places[which]) : Fine(ref chance, file, _fields[which]);
        }
        while (file.Length > 0 && chance.OneIn(3));

        return file;
    }

    private static byte[] Fine(ref Chance chance, byte[] file, Field[] fields)
    {
        var field = fields[chance.Below(fields.Length)];
        if (field.Offset + field.Width > file.Length)
        {
            return file;
        }

        var value = Read(file, field);
        switch (chance.Below(8))
        {
            case 0 or 1:
                value = s_interesting[chance.Below(s_interesting.Length)];
                break;
            case 2:
                value += (ulong)(chance.Below(17) - 8);
                break;
            case 3:
                value ^= 1UL << chance.Below(8 * field.Width);
                break;
            case 4:
                value = (ulong)chance.Below(256);
                break;
            case 5:
                value = (ulong)chance.Below(file.Length);
                break;
            default:
                // The value of another record is plausible, so it passes most checks.
                var other = fields[chance.Below(fields.Length)];
                for (var i = 0; i < 64 && other.Group != field.Group; i++)
                {
                    other = fields[chance.Below(fields.Length)];
                }

                value = other.Offset + other.Width <= file.Length ? Read(file, other) : 0;
                break;
        }

        Write(file, field, value);
        return file;
    }

    private byte[] Coarse(ref Chance chance, byte[] file, (int Offset, int Size) place)
    {
        // An earlier mutation may have truncated the file before this offset.
        var isWhole = place.Size >= file.Length;
        var start = isWhole ? 0 : place.Offset;
        var end = isWhole ? file.Length : Math.Min(file.Length, place.Offset + place.Size);
        var at = start + chance.Below(end - start);
        var length = 1 + chance.Below(Math.Min(64, end - at));
        var source = start + chance.Below(end - start - length + 1);
        switch (chance.Below(isWhole ? 9 : 6))
        {
            case 0 or 1:
                file[at] ^= (byte)(1 << chance.Below(8));
                break;
            case 2:
                file[at] = (byte)chance.Bits();
                break;
            case 3:
                file.AsSpan(at, length).Fill(chance.OneIn(2) ? (byte)0 : (byte)0xff);
                break;
            case 4:
                file.AsSpan(source, length).CopyTo(file.AsSpan(at));
                break;
            case 5:
                var kept = file.AsSpan(source, length).ToArray();
                file.AsSpan(at, length).CopyTo(file.AsSpan(source));
                kept.CopyTo(file.AsSpan(at));
                break;
            case 6 when chance.OneIn(4):
                return file[..at];
            case 6:
                return [.. file.AsSpan(0, at), .. file.AsSpan(source, length), .. file.AsSpan(at)];
            case 7:
                var other = _files[chance.Below(_files.Length)];
                length = Math.Min(length, other.Length - Math.Min(at, other.Length));
                other.AsSpan(Math.Min(at, other.Length), length).CopyTo(file.AsSpan(at));
                break;
            default:
                at &= ~3;
                if (at + 4 <= file.Length)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), (uint)s_interesting[chance.Below(s_interesting.Length)]);
                }

                break;
        }

        return file;
    }

    private static ulong Read(byte[] file, Field field)
    {
        ulong value = 0;
        for (var i = field.Width - 1; i >= 0; i--)
        {
            value = value << 8 | file[field.Offset + i];
        }

        return value;
    }

    private static void Write(byte[] file, Field field, ulong value)
    {
        for (var i = 0; i < field.Width; i++)
        {
            file[field.Offset + i] = (byte)(value >> 8 * i);
        }
    }
}
