using System.Text;
using Bee.Terminal.Keys;

namespace Bee.Terminal.Tests.Keys;

public sealed class KeyDecoderTests
{
    [Theory]
    [InlineData("\e[A", KeyName.Up)]
    [InlineData("\eOA", KeyName.Up)]
    [InlineData("\e[1;5B", KeyName.Down)]
    [InlineData("\e[C", KeyName.Right)]
    [InlineData("\eOD", KeyName.Left)]
    [InlineData("\e[5~", KeyName.PageUp)]
    [InlineData("\e[6~", KeyName.PageDown)]
    [InlineData("\e[H", KeyName.Home)]
    [InlineData("\e[1~", KeyName.Home)]
    [InlineData("\eOF", KeyName.End)]
    [InlineData("\e[4~", KeyName.End)]
    [InlineData("\e[3~", KeyName.Delete)]
    [InlineData("\e[Z", KeyName.BackTab)]
    [InlineData("\eOP", KeyName.F1)]
    [InlineData("\e[21~", KeyName.F10)]
    [InlineData("\r", KeyName.Enter)]
    [InlineData("\t", KeyName.Tab)]
    [InlineData("\x7f", KeyName.Backspace)]
    public void Sequences_are_keys_however_a_read_splits_them(string sequence, object name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(sequence + "x");
        for (int split = 0; split <= bytes.Length; split++)
        {
            var decoder = new KeyDecoder();
            Key[] keys = [.. decoder.Add(bytes.AsSpan(0, split)), .. decoder.Add(bytes.AsSpan(split))];
            Assert.Equal([new Key((KeyName)name), Key.Of('x')], keys);
            Assert.False(decoder.IsWaiting);
        }
    }

    [Theory]
    [InlineData("é")]
    [InlineData("漢")]
    [InlineData("🐝")]
    public void Characters_are_whole_however_a_read_splits_them(string letter)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(letter);
        for (int split = 0; split <= bytes.Length; split++)
        {
            var decoder = new KeyDecoder();
            Key[] keys = [.. decoder.Add(bytes.AsSpan(0, split)), .. decoder.Add(bytes.AsSpan(split))];
            Assert.Equal([new Key(KeyName.Character, letter.EnumerateRunes().Single())], keys);
        }
    }

    [Fact]
    public void An_escape_alone_waits_and_is_the_key_when_nothing_follows()
    {
        var decoder = new KeyDecoder();
        Assert.Empty(decoder.Add("\e"u8));
        Assert.True(decoder.IsWaiting);
        Assert.Equal([new Key(KeyName.Escape)], decoder.Flush());
        Assert.False(decoder.IsWaiting);
    }

    [Fact]
    public void Two_escapes_are_two_keys()
    {
        var decoder = new KeyDecoder();
        Assert.Equal([new Key(KeyName.Escape), new Key(KeyName.Escape)], [.. decoder.Add("\e\e"u8), .. decoder.Flush()]);
    }

    [Fact]
    public void Control_characters_are_keys_with_ctrl()
    {
        Assert.Equal([Key.Control('c'), Key.Control('z'), Key.Control('l')], new KeyDecoder().Add("\x03\x1a\x0c"u8));
    }

    [Fact]
    public void Noise_yields_no_keys_and_does_not_hide_later_ones()
    {
        var decoder = new KeyDecoder();
        var keys = new List<Key>();
        // Alt+a, an unknown sequence, half a character, a sequence without an end.
        foreach (byte[] bytes in new byte[][] { [0x1b, (byte)'a'], "\e[99;99x"u8.ToArray(), [0xc3], [0xff], [0x1b, (byte)'[', .. Enumerable.Repeat((byte)'1', 100)], "\0q"u8.ToArray() })
        {
            keys.AddRange(decoder.Add(bytes));
        }

        keys.AddRange(decoder.Flush());
        Assert.Equal(Key.Of('q'), keys[^1]);
        Assert.DoesNotContain(keys, key => key.Name is not KeyName.Character);
    }
}
