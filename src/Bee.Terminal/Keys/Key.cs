using System.Text;

namespace Bee.Terminal.Keys;

/// <summary>The kinds of keys.</summary>
internal enum KeyName
{
    /// <summary>A character: <see cref="Key.Character"/>.</summary>
    Character,

    /// <summary>Enter, or Ctrl+M.</summary>
    Enter,

    /// <summary>Tab.</summary>
    Tab,

    /// <summary>Shift+Tab.</summary>
    BackTab,

    /// <summary>Escape.</summary>
    Escape,

    /// <summary>Backspace, or Ctrl+H.</summary>
    Backspace,

    /// <summary>Delete.</summary>
    Delete,

    /// <summary>Up.</summary>
    Up,

    /// <summary>Down.</summary>
    Down,

    /// <summary>Left.</summary>
    Left,

    /// <summary>Right.</summary>
    Right,

    /// <summary>Page up.</summary>
    PageUp,

    /// <summary>Page down.</summary>
    PageDown,

    /// <summary>Home.</summary>
    Home,

    /// <summary>End.</summary>
    End,

    /// <summary>F1.</summary>
    F1,

    /// <summary>F10.</summary>
    F10,

    /// <summary>Ctrl with a letter: <see cref="Key.Character"/> is the letter in lower case.</summary>
    Control,
}

/// <summary>A key that was pressed.</summary>
/// <param name="Name">The kind of the key.</param>
/// <param name="Character">The character, or the letter of a control key.</param>
internal readonly record struct Key(KeyName Name, Rune Character = default)
{
    /// <summary>Returns the key of a character.</summary>
    /// <param name="letter">The character.</param>
    public static Key Of(char letter) => new(KeyName.Character, new Rune(letter));

    /// <summary>Returns the key of Ctrl with a letter.</summary>
    /// <param name="letter">The letter in lower case.</param>
    public static Key Control(char letter) => new(KeyName.Control, new Rune(letter));
}
