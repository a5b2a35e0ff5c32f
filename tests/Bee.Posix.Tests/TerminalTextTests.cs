namespace Bee.Posix.Tests;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("\u001b]0;x\a", "\u241b]0;x\u2407")]
    [InlineData("a\nb\tc\r\u007f", "a\u240ab\u2409c\u240d\u2421")]
    [InlineData("a\u009bb\u0085", "a\ufffdb\ufffd")]
    [InlineData("\u202a\u202b\u202c\u202d\u202e", "\ufffd\ufffd\ufffd\ufffd\ufffd")]
    [InlineData("\u2066\u2067\u2068\u2069\u061c", "\ufffd\ufffd\ufffd\ufffd\ufffd")]
    [InlineData("\u200b\u200c\u200d\u200e\u200f", "\ufffd\ufffd\ufffd\ufffd\ufffd")]
    [InlineData("\u2028\u2029\ufeff\u00ad\u180e\u2060", "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd")]
    [InlineData("a\U000E0041b\U000E0001", "a\ufffdb\ufffd")]
    [InlineData("\u3164\uffa0\u115f", "\ufffd\ufffd\ufffd")]
    [InlineData("caf\u00e9 \u65e5\u672c \u0639\u0631\u0628 \U0001F41D e\u0301", "caf\u00e9 \u65e5\u672c \u0639\u0631\u0628 \U0001F41D e\u0301")]
    public void Show_replaces_unsafe_characters(string text, string expected)
    {
        Assert.Equal(expected, TerminalText.Show(text));
        Assert.Equal(text != expected, TerminalText.IsUnsafe(text));
    }

    [Theory]
    [InlineData(0xd800)]
    [InlineData(0xdc00)]
    public void Show_of_half_a_surrogate_replaces_it(int half)
        => Assert.Equal("a\ufffdb", TerminalText.Show($"a{(char)half}b"));

    [Fact]
    public void Clean_replaces_unsafe_characters_by_one_character()
        => Assert.Equal("a\ufffdb\ufffdc\ufffd", TerminalText.Clean("a\u001bb\nc\u202e"));

    [Fact]
    public void CleanLines_and_ShowLines_of_a_text_keep_line_feeds_and_tabs()
    {
        Assert.Equal("a\n\tb\ufffd", TerminalText.CleanLines("a\r\n\tb\u001b"));
        Assert.Equal("a\n\tb\u241b", TerminalText.ShowLines("a\n\tb\u001b"));
    }

    [Fact]
    public void Clean_of_safe_text_is_the_same_string()
    {
        string text = new('x', 3);
        Assert.Same(text, TerminalText.Clean(text));
    }
}
