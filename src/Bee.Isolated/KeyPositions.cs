using YamlDotNet.Core.Events;

namespace Bee.Isolated;

/// <summary>Follows the events of a YAML file, and knows which of them are keys.</summary>
internal sealed class KeyPositions
{
    // What is open, from the outside in: whether its next node is a key. In a sequence none is.
    private readonly Stack<(bool IsMapping, bool AtKey)> _open = [];

    /// <summary>Whether an event begins a key. Wants each event once, in their order.</summary>
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
