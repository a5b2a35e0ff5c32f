using System.Buffers;
using System.Text;

namespace Bee.Terminal.Keys;

/// <summary>Makes keys of the bytes that a terminal sends. A read may end in the middle of a character or of an escape sequence; the rest comes with the next.</summary>
internal sealed class KeyDecoder
{
    // No sequence that a keyboard sends is longer; more is noise.
    private const int Longest = 32;

    private readonly List<byte> _pending = [];

    /// <summary>Whether bytes wait for the rest of their sequence. An escape that stays alone is the key Escape.</summary>
    public bool IsWaiting => _pending.Count > 0;

    /// <summary>Adds bytes and returns the keys that are whole.</summary>
    /// <param name="bytes">What the terminal sent.</param>
    public IReadOnlyList<Key> Add(ReadOnlySpan<byte> bytes)
    {
        _pending.AddRange(bytes);
        return Decode(isEnd: false);
    }

    /// <summary>Returns the keys of what waits: nothing more came for a while.</summary>
    public IReadOnlyList<Key> Flush() => Decode(isEnd: true);

    private List<Key> Decode(bool isEnd)
    {
        var keys = new List<Key>();
        byte[] bytes = [.. _pending];
        int at = 0;
        while (at < bytes.Length)
        {
            int length = bytes[at] == 0x1b ? Escape(bytes.AsSpan(at), isEnd, out Key? key) : Plain(bytes.AsSpan(at), isEnd, out key);
            if (length == 0)
            {
                break;
            }

            at += length;
            if (key is { } whole)
            {
                keys.Add(whole);
            }
        }

        _pending.RemoveRange(0, at);
        return keys;
    }

    private static int Plain(ReadOnlySpan<byte> bytes, bool isEnd, out Key? key)
    {
        key = bytes[0] switch
        {
            (byte)'\r' or (byte)'\n' => new Key(KeyName.Enter),
            (byte)'\t' => new Key(KeyName.Tab),
            0x7f or 0x08 => new Key(KeyName.Backspace),
            0 => null,
            < 0x1b => Key.Control((char)('a' + bytes[0] - 1)),
            < 0x20 => null,
            _ => default(Key),
        };
        if (key != default(Key))
        {
            return 1;
        }

        OperationStatus status = Rune.DecodeFromUtf8(bytes, out Rune letter, out int length);
        key = status == OperationStatus.Done && !Rune.IsControl(letter) ? new Key(KeyName.Character, letter) : null;
        return status == OperationStatus.NeedMoreData && !isEnd ? 0 : length;
    }

    // ESC [ parameters final, ESC O final; ESC and a character is that character with Alt, which has no meaning here.
    private static int Escape(ReadOnlySpan<byte> bytes, bool isEnd, out Key? key)
    {
        key = null;
        if (bytes.Length == 1)
        {
            key = isEnd ? new Key(KeyName.Escape) : null;
            return isEnd ? 1 : 0;
        }

        if (bytes[1] == 0x1b)
        {
            key = new Key(KeyName.Escape);
            return 1;
        }

        if (bytes[1] is not ((byte)'[' or (byte)'O'))
        {
            return 2;
        }

        int end = 2;
        while (end < bytes.Length && bytes[end] is >= 0x20 and < 0x40 && end < Longest)
        {
            end++;
        }

        if (end == bytes.Length)
        {
            // ESC [ alone is Alt and [.
            return isEnd || end >= Longest ? end : 0;
        }

        key = Named((char)bytes[end], Encoding.ASCII.GetString(bytes[2..end]));
        return end + 1;
    }

    private static Key? Named(char final, string parameters)
    {
        KeyName? name = (final, parameters.Split(';')[0]) switch
        {
            ('A', _) => KeyName.Up,
            ('B', _) => KeyName.Down,
            ('C', _) => KeyName.Right,
            ('D', _) => KeyName.Left,
            ('H', _) => KeyName.Home,
            ('F', _) => KeyName.End,
            ('Z', _) => KeyName.BackTab,
            ('P', _) => KeyName.F1,
            ('M', _) => KeyName.Enter,
            ('~', "1" or "7") => KeyName.Home,
            ('~', "4" or "8") => KeyName.End,
            ('~', "3") => KeyName.Delete,
            ('~', "5") => KeyName.PageUp,
            ('~', "6") => KeyName.PageDown,
            ('~', "11") => KeyName.F1,
            ('~', "21") => KeyName.F10,
            _ => null,
        };
        return name is { } known ? new Key(known) : null;
    }
}
