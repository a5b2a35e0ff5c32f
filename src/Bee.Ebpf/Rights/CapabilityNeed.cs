using System.Text;

namespace Bee.Ebpf.Rights;

/// <summary>A capability that a tool needs.</summary>
/// <param name="Capability">The capability.</param>
/// <param name="Reason">What the tool does with it, as a sentence.</param>
public sealed record CapabilityNeed(Capability Capability, string Reason)
{
    /// <summary>The name as the kernel's header has it: <c>CAP_SYS_PTRACE</c>.</summary>
    public string Name => NameOf(Capability);

    /// <summary>The name of a capability as the kernel's header has it.</summary>
    public static string NameOf(Capability capability)
    {
        if (capability == Capability.PerfMon)
        {
            return "CAP_PERFMON";
        }

        var name = new StringBuilder("CAP");
        foreach (var letter in capability.ToString())
        {
            if (char.IsUpper(letter))
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(letter));
        }

        return name.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
