namespace Bee.Ebpf;

/// <summary>What somebody gave for an entry.</summary>
/// <param name="Key">The whole key, or null.</param>
/// <param name="Value">The whole value, or null.</param>
/// <param name="Values">The values of all CPUs, or null.</param>
/// <param name="KeyFields">The fields of the key that were given beside.</param>
/// <param name="ValueFields">Those of the value.</param>
internal sealed record EntryMembers(object? Key, object? Value, object? Values, IReadOnlyList<GivenField> KeyFields, IReadOnlyList<GivenField> ValueFields);

/// <summary>A field that somebody gave a value for.</summary>
/// <param name="Name">As entries call it: another name than in C where two would be alike.</param>
/// <param name="Field">The field.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct GivenField(string Name, FieldShape Field, object? Value);
