namespace Bee.Ebpf;

/// <summary>Why an entry could not be set or removed.</summary>
public enum MapFault
{
    /// <summary>None of the below; the message says what is known.</summary>
    Other,

    /// <summary>A value is of the wrong kind, or out of its field's range.</summary>
    BadValue,

    /// <summary>A key is of the wrong kind, or out of the array's range.</summary>
    BadKey,

    /// <summary>A field is named that neither key nor value has.</summary>
    UnknownField,

    /// <summary>The key, a field of it, or the value was not given.</summary>
    MissingField,

    /// <summary>The same thing was given twice, and differently.</summary>
    Ambiguous,

    /// <summary>The map has no such key.</summary>
    NotFound,

    /// <summary>The key is there already, and only new ones were to be set.</summary>
    Exists,

    /// <summary>No further entry fits.</summary>
    Full,

    /// <summary>The map is frozen, or was made for reading only.</summary>
    ReadOnly,

    /// <summary>Maps of this kind do not do that.</summary>
    Unsupported,

    /// <summary>This process lacks a capability.</summary>
    NoPermission,
}
