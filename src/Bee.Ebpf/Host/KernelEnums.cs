using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Host;

/// <summary>
/// Replaces enum values in the records of Inspektor Gadget's objects by the running kernel's. Such an object contains a copy of a kernel enum, such as <c>skb_drop_reason</c>, whose numbers
/// differ between releases, but its records contain the running kernel's numbers.
/// </summary>
internal static class KernelEnums
{
    /// <summary>Replaces the enums of an object's data sources. Enums that the kernel does not have, or has with different names, stay as they are.</summary>
    public static void Apply(ObjectFile file)
    {
        BtfEnum[] enums =
        [
            .. file.Maps.Where(map => map.DataSource is not null).SelectMany(map => new[] { map.Key, map.Value })
                .Concat(file.Programs.Where(program => program.DataSource is not null).Select(program => program.Record))
                .SelectMany(GadgetTypes.Members).Select(member => member.Member.Type.Resolve()).OfType<BtfEnum>().Where(type => type.Name.Length > 0).Distinct(),
        ];
        if (enums.Length == 0 || Kernel() is not { } kernel)
        {
            return;
        }

        foreach (var type in enums)
        {
            if (kernel.Find(type.Name, BtfKind.Enum) is BtfEnum { Values: var values } && values.IntersectBy(type.Values.Select(value => value.Name), value => value.Name).Count() * 2 > type.Values.Count)
            {
                type.Replace(values);
            }
        }
    }

    private static BtfSpec? Kernel()
    {
        try
        {
            return BtfSpec.ReadKernel();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            return null;
        }
    }
}
