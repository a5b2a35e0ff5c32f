namespace Bee.Ebpf;

/// <summary>The typedef names that carry meaning. bee.h declares them for programs, and Inspektor Gadget's <c>gadget/types.h</c> those with <c>gadget_</c>.</summary>
internal static class TypedefMeaning
{
    /// <summary>The shape that a typedef's name gives, or null where the name says nothing or does not fit the type below.</summary>
    /// <param name="name">The typedef's name.</param>
    /// <param name="bare">The type below all typedefs and modifiers.</param>
    public static ValueShape? Of(string name, BtfType bare)
    {
        var size = bare.Size;
        switch (name)
        {
            case "ipv4_addr" when size == 4:
            case "ipv6_addr" when size == 4:
                return new AddressShape(FieldMeaning.Ipv4, 4);
            case "ipv6_addr" when size == 16:
                return new AddressShape(FieldMeaning.Ipv6, 16);
            case "mac_addr" when size == 6:
                return new AddressShape(FieldMeaning.Mac, 6);
        }

        if (bare is not BtfInt { IsBool: false } integer || Numbers.Integer(size, integer.IsSigned) is not { } kind || integer.Bits != size * 8)
        {
            return null;
        }

        return name switch
        {
            "net_port" or "be16" or "__be16" when size == 2 => new NumberShape(NumberKind.UInt16, FieldMeaning.Port, BigEndian: true),
            "be32" or "__be32" when size == 4 => new NumberShape(NumberKind.UInt32, FieldMeaning.Number, BigEndian: true),
            "be64" or "__be64" when size == 8 => new NumberShape(NumberKind.UInt64, FieldMeaning.Number, BigEndian: true),
            "ktime" when size == 8 => new MomentShape(BootTime: false),
            "boottime" or "gadget_timestamp" when size == 8 => new MomentShape(BootTime: true),
            "errno_value" or "gadget_errno" when size is 4 or 8 => new NamedNumberShape(kind, FieldMeaning.Errno),
            "signal_nr" or "gadget_signal" when size <= 8 => new NamedNumberShape(kind, FieldMeaning.Signal),
            "duration" or "gadget_duration" when size <= 8 => new NumberShape(kind, FieldMeaning.Duration),
            "byte_size" or "gadget_bytes" when size <= 8 => new NumberShape(kind, FieldMeaning.ByteSize),
            "uid_t" or "gadget_uid" when size <= 4 => new NumberShape(kind, FieldMeaning.UserId),
            "gid_t" or "gadget_gid" when size <= 4 => new NumberShape(kind, FieldMeaning.GroupId),
            "stack_id" or "kernel_stack_id" or "user_stack_id" or "gadget_kernel_stack" when size == 4 => new NumberShape(NumberKind.Int32, FieldMeaning.Stack),
            "syscall_nr" or "gadget_syscall" when size <= 8 => new NamedNumberShape(kind, FieldMeaning.Syscall),
            _ => null,
        };
    }
}
