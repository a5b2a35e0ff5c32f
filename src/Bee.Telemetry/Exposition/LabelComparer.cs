namespace Bee.Telemetry.Exposition;

/// <summary>Compares lists of label names or values by their texts.</summary>
internal sealed class LabelComparer : IEqualityComparer<IReadOnlyList<string>>
{
    /// <summary>The only instance.</summary>
    public static LabelComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(IReadOnlyList<string>? x, IReadOnlyList<string>? y)
    {
        if (ReferenceEquals(x, y))
        {
            return true;
        }

        if (x is null || y is null || x.Count != y.Count)
        {
            return false;
        }

        for (var i = 0; i < x.Count; i++)
        {
            if (x[i] != y[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public int GetHashCode(IReadOnlyList<string> obj)
    {
        var hash = 0;
        for (var i = 0; i < obj.Count; i++)
        {
            hash = HashCode.Combine(hash, obj[i].GetHashCode(StringComparison.Ordinal));
        }

        return hash;
    }
}
