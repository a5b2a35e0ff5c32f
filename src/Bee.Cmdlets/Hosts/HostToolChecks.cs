using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets.Hosts;

/// <summary>Checks whether this machine and this user can run a particular tool, in addition to the checks of the image.</summary>
internal static class HostToolChecks
{
    // Linux 5.8 introduced the two capabilities, which are parts of CAP_SYS_ADMIN.
    private static readonly Version s_withOwnCapabilities = new(5, 8);
    private static readonly Capability[] s_ofAdministrator = [Capability.Bpf, Capability.PerfMon, Capability.NetAdmin];

    // Without them, a tool runs, and its stacks have no names.
    private static readonly Capability[] s_optional = [Capability.Syslog, Capability.SysPtrace];

    private static KernelHost Host => KernelHost.Current;

    /// <summary>Checks the kernel, libbpf and the rights.</summary>
    /// <param name="file">The object; null if it cannot be read.</param>
    /// <param name="cancellationToken">Cancels the checks.</param>
    public static IEnumerable<CheckResult> Run(ObjectFile? file, CancellationToken cancellationToken)
    {
        foreach ((string name, Func<CancellationToken, CheckResult> check) in HostChecks.All.Where(check => check.Name is "KernelVersion" or "KernelBtf" or "Libbpf"))
        {
            yield return HostChecks.Run(name, check, cancellationToken);
        }

        if (file is not null)
        {
            yield return HostChecks.Run("Rights", _ => Rights(file), cancellationToken);
        }
    }

    /// <summary>Checks whether this process has the capabilities that a tool needs.</summary>
    /// <param name="file">The object.</param>
    public static CheckResult Rights(ObjectFile file)
    {
        const string Name = "Rights";
        if (RightsChecks.User() is { State: CheckState.Failed } user && Host.IsInUserNamespace)
        {
            return user with { Name = Name };
        }

        if (RightsChecks.Lockdown() is { State: CheckState.Failed } lockdown)
        {
            return lockdown with { Name = Name };
        }

        CapabilityNeed[] missing = [.. ToolNeeds.Of(file).Capabilities.Where(need => !Has(need.Capability))];
        if (missing.Length == 0)
        {
            return new CheckResult(Name, CheckState.Ok, $"{Environment.UserName} has all capabilities that the tool needs.");
        }

        bool isOptional = missing.All(need => s_optional.Contains(need.Capability));
        return new CheckResult(Name, isOptional ? CheckState.Warning : CheckState.Failed, $"{Environment.UserName} lacks {string.Join(", ", missing.Select(need => need.Name))}. {missing[0].Name} is needed {char.ToLowerInvariant(missing[0].Reason[0])}{missing[0].Reason[1..]}")
        {
            Target = missing[0].Name,
            Remedy = Host.Version < s_withOwnCapabilities
                ? $"Log in as root, or use -Sudo: before Linux {s_withOwnCapabilities}, CAP_SYS_ADMIN is required."
                : "Log in as root, use -Sudo, or log in as a user whose sessions have these capabilities.",
        };
    }

    private static bool Has(Capability capability)
        => (Host.Has(capability) && (Host.Version >= s_withOwnCapabilities || capability is not (Capability.Bpf or Capability.PerfMon)))
            || (s_ofAdministrator.Contains(capability) && Host.Has(Capability.SysAdmin));
}
