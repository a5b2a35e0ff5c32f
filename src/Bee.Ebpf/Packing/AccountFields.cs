using System.Runtime.InteropServices;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>The offsets of user and group ids in the objects of one type. The packer stores the names of these accounts with the objects.</summary>
internal sealed class AccountFields
{
    // Bounds the offsets of one type: each element of an array of structs would add its own. Views show account names only for single fields.
    private const int MostPlaces = 64;

    private readonly Place[] _first;
    private readonly Place[] _second;
    private readonly int _stride;

    private AccountFields(Place[] first, Place[] second, int stride) => (_first, _second, _stride) = (first, second, stride);

    /// <summary>Returns the offsets in a type; null for a type without such ids.</summary>
    public static AccountFields? Of(TypePlan plan)
    {
        var first = new List<Place>();
        var second = new List<Place>();
        foreach (var property in plan.Properties)
        {
            if (property is { Source: PropertySource.Inline, BitSize: 0 })
            {
                var isValue = plan.Decode == DecodeKind.Entry && property.Offset >= plan.ValueOffset;
                Add(property.Value, property.Offset - (isValue ? plan.ValueOffset : 0), isValue ? second : first);
            }
            else if (property.Source == PropertySource.AllCpus)
            {
                Add(property.Value, property.Offset, second);
            }
        }

        return first.Count + second.Count == 0 ? null : new AccountFields([.. first.Distinct()], [.. second.Distinct()], plan.Stride);
    }

    /// <summary>Collects the accounts of an object that were not seen before.</summary>
    /// <param name="first">The bytes of a record, or the key of an entry.</param>
    /// <param name="second">The value of an entry; otherwise empty.</param>
    /// <param name="seen">The accounts seen so far, which this method extends.</param>
    /// <param name="news">Receives the new accounts.</param>
    public void Collect(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, HashSet<Account> seen, List<Account> news)
    {
        Collect(_first, first, seen, news);
        if (_second.Length > 0)
        {
            do
            {
                Collect(_second, second, seen, news);
                second = second[(_stride == 0 ? second.Length : Math.Min(_stride, second.Length))..];
            }
            while (!second.IsEmpty);
        }
    }

    private static void Collect(Place[] places, ReadOnlySpan<byte> bytes, HashSet<Account> seen, List<Account> news)
    {
        foreach (var place in places)
        {
            var at = place.Offset + place.Size <= bytes.Length ? bytes[place.Offset..] : [];
            uint? id = (at.IsEmpty, place.Size, place.IsSigned) switch
            {
                (true, _, _) => null,
                (_, 4, _) => MemoryMarshal.Read<uint>(at),
                (_, 2, true) => (uint)MemoryMarshal.Read<short>(at),
                (_, 2, false) => MemoryMarshal.Read<ushort>(at),
                (_, _, true) => (uint)(sbyte)at[0],
                _ => at[0],
            };
            if (id is { } number && seen.Add(new Account(place.IsGroup, number)))
            {
                news.Add(new Account(place.IsGroup, number));
            }
        }
    }

    private static void Add(ValueShape shape, int offset, List<Place> places)
    {
        switch (shape)
        {
            case NumberShape { Meaning: FieldMeaning.UserId or FieldMeaning.GroupId, BigEndian: false } number when places.Count < MostPlaces:
                places.Add(new Place(offset, number.Size, Numbers.IsSigned(number.Kind), number.Meaning == FieldMeaning.GroupId));
                break;
            case ObjectShape { NeedsHost: true, Struct.Fields: var fields }:
                foreach (var field in fields.Where(field => field.BitSize == 0))
                {
                    Add(field.Value, offset + field.Offset, places);
                }

                break;
            case ArrayShape { NeedsHost: true } array:
                for (var i = 0; i < Math.Min(array.Count, MostPlaces); i++)
                {
                    Add(array.Element, offset + i * array.Element.Size, places);
                }

                break;
        }
    }

    private readonly record struct Place(int Offset, int Size, bool IsSigned, bool IsGroup);
}
