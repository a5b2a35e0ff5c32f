namespace Bee.Terminal.Models;

/// <summary>What the user has typed to see fewer rows.</summary>
/// <remarks>Every word must occur in one of the columns, whatever its case; a word behind <c>!</c> must not.</remarks>
internal sealed class RowFilter
{
    public static readonly RowFilter None = new(string.Empty);

    private readonly (string Word, bool IsWanted)[] _words;

    public RowFilter(string text)
    {
        Text = text;
        _words = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word[0] == '!' ? (word[1..], false) : (word, true)).Where(word => word.Item1.Length > 0)];
    }

    public string Text { get; }

    /// <summary>Whether every row passes.</summary>
    public bool IsEmpty => _words.Length == 0;

    public bool Passes(IReadOnlyList<LiveColumn> columns, object item)
    {
        Span<bool> found = _words.Length <= 32 ? stackalloc bool[_words.Length] : new bool[_words.Length];
        found.Clear();
        foreach (LiveColumn column in columns)
        {
            string text = column.Text(item);
            for (int i = 0; i < _words.Length; i++)
            {
                found[i] |= text.Contains(_words[i].Word, StringComparison.OrdinalIgnoreCase);
            }
        }

        for (int i = 0; i < _words.Length; i++)
        {
            if (found[i] != _words[i].IsWanted)
            {
                return false;
            }
        }

        return true;
    }
}
