using System.Runtime.CompilerServices;

namespace Bee.Ebpf;

/// <summary>Where the fields of emitted types are, for who wants their bytes.</summary>
internal static class FieldBytes
{
    private static readonly ConditionalWeakTable<Type, IReadOnlyList<RecordField>> s_fields = new();

    /// <summary>Notes the fields of a type.</summary>
    public static void Keep(Type type, IReadOnlyList<RecordField> fields) => s_fields.AddOrUpdate(type, fields);

    /// <summary>A copy of a field's bytes.</summary>
    /// <param name="item">The event.</param>
    /// <param name="record">Its bytes.</param>
    /// <param name="name">The property's name.</param>
    /// <exception cref="ArgumentException">There is no such field.</exception>
    public static byte[] Of(BpfEvent item, ReadOnlySpan<byte> record, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        // Records that are longer than their type have a class that derives from it.
        var type = item is TruncatedEvent cut ? cut.WholeType() : item.GetType();
        if (!s_fields.TryGetValue(type, out var fields) && !s_fields.TryGetValue(type.BaseType!, out fields))
        {
            throw new ArgumentException($"A {type.Name} does not have the bytes of its fields; an event of a buffer or an iterator has.", nameof(name));
        }

        var field = fields.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && f.Name != "MapName")
            ?? throw new ArgumentException($"There is no field '{name}'. There are {string.Join(", ", fields.Where(f => f.CName.Length > 0).Select(f => f.Name))}.", nameof(name));
        var start = Math.Min(field.Offset, record.Length);
        return record.Slice(start, Math.Min(field.Size, record.Length - start)).ToArray();
    }
}
