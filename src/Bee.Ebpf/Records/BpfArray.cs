using System.Collections;

namespace Bee.Ebpf.Records;

/// <summary>
/// An array in a record. It can be indexed, enumerated, written as JSON and converted to a CLR array. Unlike a CLR array, it is formatted as text (for example in a CSV file), and it is compared,
/// sorted and grouped by its elements.
/// </summary>
/// <typeparam name="T">The type of the elements; for an array of arrays, another <see cref="BpfArray{T}"/>.</typeparam>
public sealed class BpfArray<T> : IReadOnlyList<T>, IList, IEquatable<BpfArray<T>>, IComparable<BpfArray<T>>, IComparable, IPartialArray
{
    private readonly T[] _items;

    /// <summary>Wraps an array without copying it.</summary>
    /// <param name="items">The elements. The array must not be changed afterwards.</param>
    public BpfArray(T[] items) => _items = items ?? throw new ArgumentNullException(nameof(items));

    /// <summary>The number of elements.</summary>
    public int Count => _items.Length;

    /// <summary>The number of elements, under the name that CLR arrays use.</summary>
    public int Length => _items.Length;

    /// <summary>Returns an element.</summary>
    /// <param name="index">The index of the element.</param>
    /// <returns>The element.</returns>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    public T this[int index] => _items[index];

    /// <summary>Copies the elements to a CLR array.</summary>
    /// <param name="array">The array of a record.</param>
    /// <returns>A copy.</returns>
    public static implicit operator T[](BpfArray<T> array) => array.ToArray();

    /// <summary>Copies the elements to a CLR array.</summary>
    /// <returns>A copy.</returns>
    public T[] ToArray() => (T[])_items.Clone();

    /// <summary>Returns a view of the elements.</summary>
    /// <returns>A view; nothing is copied.</returns>
    public ReadOnlySpan<T> AsSpan() => _items;

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    /// <summary>Formats the elements as one line of JSON.</summary>
    /// <returns>A JSON array, the same in every culture.</returns>
    public override string ToString() => JsonText.Of(this);

    /// <inheritdoc/>
    public bool Equals(BpfArray<T>? other) => other is not null && _items.AsSpan().SequenceEqual(other._items, EqualityComparer<T>.Default);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BpfArray<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var item in _items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    /// <summary>Compares the first elements that differ, then the lengths. Elements that are not comparable are compared as text.</summary>
    /// <param name="other">The other array; null is less than every array.</param>
    /// <returns>Less than 0, 0, or greater than 0.</returns>
    public int CompareTo(BpfArray<T>? other)
    {
        if (other is null)
        {
            return 1;
        }

        for (var i = 0; i < Math.Min(_items.Length, other._items.Length); i++)
        {
            var order = _items[i] is IComparable
                ? Comparer<T>.Default.Compare(_items[i], other._items[i])
                : string.CompareOrdinal(_items[i]?.ToString(), other._items[i]?.ToString());
            if (order != 0)
            {
                return order;
            }
        }

        return _items.Length.CompareTo(other._items.Length);
    }

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        BpfArray<T> other => CompareTo(other),
        _ => throw new ArgumentException($"An array of {typeof(T)} cannot be compared with {obj.GetType()}.", nameof(obj)),
    };

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    object? IList.this[int index]
    {
        get => _items[index];
        set => throw ReadOnly();
    }

    object IPartialArray.First(int count) => new BpfArray<T>(_items[..Math.Min(count, _items.Length)]);

    bool IList.IsFixedSize => true;

    bool IList.IsReadOnly => true;

    bool ICollection.IsSynchronized => false;

    object ICollection.SyncRoot => _items;

    int IList.Add(object? value) => throw ReadOnly();

    void IList.Clear() => throw ReadOnly();

    bool IList.Contains(object? value) => ((IList)_items).Contains(value);

    int IList.IndexOf(object? value) => ((IList)_items).IndexOf(value);

    void IList.Insert(int index, object? value) => throw ReadOnly();

    void IList.Remove(object? value) => throw ReadOnly();

    void IList.RemoveAt(int index) => throw ReadOnly();

    void ICollection.CopyTo(Array array, int index) => _items.CopyTo(array, index);

    private static NotSupportedException ReadOnly() => new("An array of a record cannot be changed. Take a copy with ToArray().");
}
