namespace Bee.Ebpf;

/// <summary>
/// Gives each property a name that is unique without case, for languages that compare names so. Of two C names that differ only in case, and of one
/// that every object has already (GetType, psobject), the later takes <c>_2</c>, <c>_3</c>, ...
/// </summary>
internal sealed class PropertyNames
{
    // Members of System.Object, and of the wrapper that shells put around every object.
    private static readonly string[] s_taken =
    [
        "Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "Finalize", "ReferenceEquals",
        "PSObject", "PSBase", "PSAdapted", "PSExtended", "PSTypeNames",
    ];

    private readonly HashSet<string> _used = new(s_taken, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _ahead;

    /// <param name="ahead">All names that come, so that a suffix does not take the name of a later field that really is called so.</param>
    public PropertyNames(IEnumerable<string> ahead) => _ahead = new HashSet<string>(ahead, StringComparer.OrdinalIgnoreCase);

    public string Next(string name)
    {
        var unique = name;
        for (var i = 2; !_used.Add(unique); i++)
        {
            do
            {
                unique = $"{name}_{i}";
            }
            while (_ahead.Contains(unique) && ++i > 0);
        }

        return unique;
    }
}
