using Bee.Ebpf.Btf;

namespace Bee.Toolchain;

/// <summary>
/// The types in which a kernel keeps a processor's registers. They are the part of vmlinux.h that a program for another architecture must not
/// take over: the same field is another register there, or none, and CO-RE cannot tell.
/// </summary>
internal static class RegisterTypes
{
    private static readonly string[] s_names = ["pt_regs", "user_pt_regs", "user_regs_struct"];

    /// <summary>A member that only this architecture's registers have, by the kernel's name of the architecture.</summary>
    private static readonly (string Struct, string Member, string Architecture)[] s_signs =
    [
        ("pt_regs", "orig_ax", "x86"),
        ("user_pt_regs", "pstate", "arm64"),
        ("user_pt_regs", "psw", "s390"),
        ("user_pt_regs", "nip", "powerpc"),
        ("pt_regs", "nip", "powerpc"),
        ("pt_regs", "uregs", "arm"),
        ("pt_regs", "epc", "riscv"),
        ("pt_regs", "csr_era", "loongarch"),
        ("pt_regs", "cp0_epc", "mips"),
    ];

    /// <summary>The architecture of the kernel that the types are of, in the kernel's own words; null where they do not tell.</summary>
    internal static string? Architecture(BtfSpec types)
    {
        foreach (var (name, member, architecture) in s_signs)
        {
            if (types.Find(name, BtfKind.Struct) is BtfStruct registers && With(registers).Any(part => part.Members.Any(item => item.Name == member)))
            {
                return architecture;
            }
        }

        return null;
    }

    /// <summary>The ids of the register types, and of what is nested in them without a name.</summary>
    internal static IReadOnlyList<uint> Ids(BtfSpec types) =>
        [.. types.Types.OfType<BtfStruct>().Where(type => s_names.Contains(type.Name)).SelectMany(With).Select(type => type.Id).Distinct()];

    private static IEnumerable<BtfStruct> With(BtfStruct type) =>
        type.Members.Where(member => member.Name.Length == 0).Select(member => member.Type).OfType<BtfStruct>().Where(inner => inner.Name.Length == 0)
            .SelectMany(With).Prepend(type);
}
