using YamlDotNet.Core.Events;

namespace Bee.Isolated;

/// <summary>Follows the events of a YAML parser and recognizes those that start a key.</summary>
internal sealed class KeyPositions
{
    // The open collections, outermost first, each with whether its next node is a key. Sequences have no keys.
    private readonly Stack<(bool IsMapping, bool AtKey)> _open = [];

    /// <summary>Reports whether an event starts a key. Call this for each event in order.</summary>
    public bool IsKey(ParsingEvent next)
    {
        if (next is MappingEnd or SequenceEnd)
        {
            _open.Pop();
            return false;
        }

        bool isKey = false;
        if ((next is NodeEvent or AnchorAlias) && _open.TryPeek(out var around) && around.IsMapping)
        {
            isKey = around.AtKey;
            _open.Pop();
            _open.Push((true, !isKey));
        }

        if (next is MappingStart or SequenceStart)
        {
            _open.Push((next is MappingStart, true));
        }

        return isKey;
    }
}
