using System.Buffers;
using System.Text;

namespace Bee.Terminal.Keys;

/// <summary>Decodes keys from the bytes that a terminal sends. A read may end within a character or escape sequence, which the next read completes.</summary>
internal sealed class KeyDecoder
{
    // Keyboards send no longer sequences.
    private const int Longest = 32;

    private readonly List<byte> _pending = [];

    /// <summary>Whether bytes of an incomplete sequence are waiting. A lone escape character is the key Escape.</summary>
    public bool IsWaiting => _pending.Count > 0;

    /// <summary>Adds bytes and returns the complete keys.</summary>
    /// <param name="bytes">The bytes that were read.</param>
    public IReadOnlyList<Key> Add(ReadOnlySpan<byte> bytes)
    {
        _pending.AddRange(bytes);
        return Decode(isEnd: false);
    }

    /// <summary>Returns the keys in the waiting bytes, after a timeout without further input.</summary>
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

    // ESC [ parameters final, or ESC O final. ESC with a character is Alt with that character, which the view does not use.
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
            // A lone ESC [ is Alt+[.
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
