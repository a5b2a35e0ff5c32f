namespace Bee.Ebpf;

/// <summary>A struct or a union.</summary>
public sealed class BtfStruct : BtfType
{
    private IReadOnlyList<BtfMember>? _members;

    internal BtfStruct(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>True for a union.</summary>
    public bool IsUnion => Kind == BtfKind.Union;

    /// <summary>The members in the order of the source. Anonymous structs and unions are members with an empty name.</summary>
    public IReadOnlyList<BtfMember> Members => _members ??= ReadMembers();

    private BtfMember[] ReadMembers()
    {
        var table = Graph.Table;
        var members = new BtfMember[table.Count(Id)];
        var bitfields = table.Flag(Id);
        for (var i = 0; i < members.Length; i++)
        {
            var position = table.Extra(Id, 3 * i + 2);
            members[i] = new BtfMember(
                table.Text(table.Extra(Id, 3 * i)),
                Reference(table.Extra(Id, 3 * i + 1)),
                bitfields ? (int)(position & 0xff_ffff) : (int)position,
                bitfields ? (int)(position >> 24) : 0);
        }

        return members;
    }
}

/// <summary>A member of a struct or union.</summary>
/// <param name="Name">The member's name; empty for an anonymous struct or union, and for padding bitfields.</param>
/// <param name="Type">The member's type.</param>
/// <param name="BitOffset">Where the member begins, in bits from the start of the struct.</param>
/// <param name="BitSize">How many bits a bitfield has; 0 for members that are no bitfields.</param>
public sealed record BtfMember(string Name, BtfType Type, int BitOffset, int BitSize);
