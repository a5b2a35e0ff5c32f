using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>A record has fewer bytes than its type says: the program sent less than the struct it declared.</summary>
public sealed class ShortRecordException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="map">The map that the record came from, or the struct's name.</param>
    /// <param name="expected">The bytes that the type needs.</param>
    /// <param name="found">The bytes that there were.</param>
    public ShortRecordException(string map, int expected, int found)
        : base("ShortRecord", $"A record of '{map}' is too short: its type needs {expected} bytes, {found} came.")
    {
        Map = map;
        Expected = expected;
        Found = found;
    }

    /// <summary>The map that the record came from, or the struct's name.</summary>
    public string Map { get; }

    /// <summary>The bytes that the type needs.</summary>
    public int Expected { get; }

    /// <summary>The bytes that there were.</summary>
    public int Found { get; }
}
