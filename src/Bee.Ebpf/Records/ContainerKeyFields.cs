using System.Buffers.Binary;

namespace Bee.Ebpf.Records;

/// <summary>The fields of a record, or of the key and value of an entry, that say where it happened: the id of a cgroup, of a mount namespace, or of a process. Immutable.</summary>
/// <remarks>
/// A cgroup is a field of the type <c>cgroup_id</c>; a mount namespace one of <c>mntns_id</c> or <c>gadget_mntns_id</c>; a process an integer of 4 bytes with the name <c>tgid</c> or <c>pid</c>. If there are
/// several, the first one counts. Fields of Inspektor Gadget's <c>struct gadget_process</c> count if the record has none of its own.
/// </remarks>
internal sealed class ContainerKeyFields
{
    private const string GadgetProcess = "gadget_process";

    private static readonly string[] s_processNames = ["tgid", "pid"];

    private readonly Place _cgroup;
    private readonly Place _mountNamespace;
    private readonly Place _process;

    private ContainerKeyFields(Place cgroup, Place mountNamespace, Place process) => (_cgroup, _mountNamespace, _process) = (cgroup, mountNamespace, process);

    /// <summary>Returns the fields of a type; null if it does not say where its objects happened.</summary>
    /// <param name="plan">The plan of the type.</param>
    /// <param name="selects">Selects properties by their names, such as the labels of a metric; null for all.</param>
    public static ContainerKeyFields? Of(TypePlan plan, Func<string, bool>? selects = null)
    {
        var fields = new List<(string Name, ValueShape Value, int Offset, bool IsSecond)>();
        foreach (var property in plan.Properties.Where(property => property is { Source: PropertySource.Inline, BitSize: 0 } && selects?.Invoke(property.Name) != false))
        {
            var isSecond = plan.Decode == DecodeKind.Entry && property.Offset >= plan.ValueOffset;
            fields.Add((property.CName, property.Value, property.Offset - (isSecond ? plan.ValueOffset : 0), isSecond));
        }

        foreach (var field in fields.ToArray())
        {
            if (field.Value is ObjectShape { Struct: { Label: GadgetProcess, Fields: var members } })
            {
                fields.AddRange(members.Where(member => member.BitSize == 0).Select(member => (member.Name, member.Value, field.Offset + member.Offset, field.IsSecond)));
            }
        }

        Place Find(Func<string, ValueShape, bool> matches) =>
            fields.Find(field => matches(field.Name, field.Value)) is { Value: { } value } found ? new Place(found.Offset, value.Size, found.IsSecond) : default;

        var key = new ContainerKeyFields(
            Find(static (_, value) => value is NumberShape { Meaning: FieldMeaning.CgroupId }),
            Find(static (_, value) => value is NumberShape { Meaning: FieldMeaning.MountNamespaceId }),
            s_processNames.Select(name => Find((field, value) => field == name && value is NumberShape { Meaning: FieldMeaning.Number, Size: 4, BigEndian: false, Kind: NumberKind.Int32 or NumberKind.UInt32 }))
                .FirstOrDefault(place => place.Size > 0));
        return key._cgroup.Size + key._mountNamespace.Size + key._process.Size > 0 ? key : null;
    }

    /// <summary>Reads what a record or an entry says. Does not allocate.</summary>
    /// <param name="first">The bytes of a record, or the key of an entry. They may end early: a part that is missing is 0.</param>
    /// <param name="second">The value of an entry; otherwise empty.</param>
    public ContainerKey Read(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default) =>
        new(_cgroup.Read(first, second), _mountNamespace.Read(first, second), (int)_process.Read(first, second));

    private readonly record struct Place(int Offset, int Size, bool IsSecond)
    {
        public ulong Read(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
        {
            var bytes = IsSecond ? second : first;
            return Size == 0 || bytes.Length - Offset < Size ? 0
                : Size == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[Offset..])
                : BinaryPrimitives.ReadUInt64LittleEndian(bytes[Offset..]);
        }
    }
}
