using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Whether the kernel tells the settings that the programs ask for (.kconfig).</summary>
internal static class SettingCheck
{
    private const string Name = "KernelSettings";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        if (context.File.Btf?.Find(Externs.KernelConfig, BtfKind.DataSection) is not BtfDataSection section)
        {
            yield break;
        }

        var settings = context.Analysis.Settings;
        var symbols = context.Analysis.Code.Elf.Symbols;
        var wanted = section.Entries.Select(e => e.Declaration.Name).Where(n => !KernelSettings.IsVirtual(n)).ToList();
        if (wanted.Count > 0 && !settings.AreKnown)
        {
            var isNeeded = wanted.Any(n => symbols.Any(s => s.IsExtern && s.Name == n && s.Binding != ElfBinding.Weak));
            var isHere = context.Kernel.Kernel.IsRunning;
            yield return new(Name, !isHere ? CheckState.Unknown : isNeeded ? CheckState.Failed : CheckState.Warning,
                isHere ? $"The programs ask for {CheckContext.List(wanted)}, and the kernel's configuration cannot be read." : $"The programs ask for {CheckContext.List(wanted)}, which types alone do not tell.")
            {
                Remedy = isHere ? $"It is looked for in {string.Join(" and ", settings.Places)} (CONFIG_IKCONFIG_PROC)." : null,
            };
            yield break;
        }

        var good = new List<string>(section.Entries.Select(e => e.Declaration.Name).Where(KernelSettings.IsVirtual));
        foreach (var name in wanted)
        {
            if (settings.Text(name) is { } value)
            {
                good.Add($"{name}={value}");
            }
            else if (symbols.Any(s => s.IsExtern && s.Name == name && s.Binding == ElfBinding.Weak))
            {
                good.Add($"{name} (not set)");
            }
            else
            {
                yield return new(Name, CheckState.Failed, $"The kernel was built without {name}, and the program does not declare it __weak.") { Target = name, Remedy = $"Declare it as extern … {name} __kconfig __weak; it is 0 then." };
            }
        }

        if (good.Count > 0)
        {
            yield return new(Name, CheckState.Ok, $"The kernel tells {CheckContext.List(good)}.");
        }
    }
}
