using Bee.Ebpf.Btf;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Checks whether the kernel has the functions and variables that programs use by name (.ksyms).</summary>
internal static class KernelSymbolCheck
{
    private const string FunctionName = "KernelFunctions", VariableName = "KernelVariables";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        if (context.File.Btf?.Find(Externs.KernelSymbols, BtfKind.DataSection) is not BtfDataSection section)
        {
            yield break;
        }

        foreach (var name in new[] { FunctionName, VariableName })
        {
            var good = new List<string>();
            foreach (var entry in section.Entries.Where(e => e.Declaration is BtfFunction == (name == FunctionName)))
            {
                var finding = entry.Declaration is BtfFunction function ? Function(context, function) : Variable(context, entry.Variable!);
                if (finding is null)
                {
                    good.Add(entry.Declaration.Name);
                }
                else
                {
                    yield return finding;
                }
            }

            if (good.Count > 0)
            {
                yield return new(name, CheckState.Ok, $"The kernel has {CheckContext.List(good)}.");
            }
        }
    }

    private static CheckResult? Function(CheckContext context, BtfFunction function)
    {
        if (context.Kernel.Kernel.Types is null)
        {
            return new(FunctionName, CheckState.Failed, $"The programs call the kernel's {function.Name}, but {context.Kernel.Kernel.Problem}.") { Target = function.Name };
        }

        if (!context.Kernel.Functions.TryGetValue(CoreNames.Essential(function.Name), out var found))
        {
            return Missing(context, FunctionName, function.Name, "function", context.Kernel.Functions.Keys);
        }

        if (context.Kernel.IsOpen(found) == false)
        {
            return new(FunctionName, CheckState.Failed, $"{function.Name} is a kernel function that programs may not call.")
            {
                Target = function.Name,
                Remedy = "Programs may call only functions that the kernel marks as kfuncs. Newer kernels have more of them.",
            };
        }

        return CoreTypes.AreCompatible(function.Prototype, found.Prototype) == true ? null : new(
            FunctionName, CheckState.Failed, $"The kernel's {function.Name} has other parameters: '{found.Prototype}', but the program calls it as '{function.Prototype}'.")
        { Target = function.Name, Remedy = "Compile the program against this kernel's types." };
    }

    private static CheckResult? Variable(CheckContext context, BtfVariable variable)
    {
        var name = CoreNames.Essential(variable.Name);
        if (variable.Type.Resolve() is BtfVoid)
        {
            // The program uses only the address, which kallsyms contains.
            return context.Kernel.Symbols is not { } symbols
                ? new(VariableName, CheckState.Unknown, $"Cannot check the kernel's {variable.Name}: /proc/kallsyms cannot be read.") { Target = variable.Name, Remedy = "Run the check as root." }
                : symbols.Contains(name) ? null : Missing(context, VariableName, variable.Name, "symbol", symbols);
        }

        return context.Kernel.Variables.ContainsKey(name) ? null : Missing(context, VariableName, variable.Name, "variable with a type", context.Kernel.Variables.Keys);
    }

    private static CheckResult Missing(CheckContext context, string check, string name, string what, IEnumerable<string> candidates)
    {
        var code = context.Analysis.Code;
        var isWeak = code.Elf.Symbols.Any(s => s.IsExtern && s.Name == name && s.Binding == ElfBinding.Weak);
        if (!isWeak)
        {
            return new(check, CheckState.Failed, $"The kernel has no {what} {name}.")
            {
                Target = name,
                Remedy = CheckContext.Near(name, candidates) ?? "If the program can work without it, declare it __weak and check with bpf_ksym_exists() first.",
            };
        }

        var (reached, byDefault) = Calls(context, name);
        return !reached
            ? new(check, CheckState.Ok, $"The kernel has no {what} {name}. The program declares it weak and works without it.") { Target = name }
            : new(check, byDefault ? CheckState.Failed : CheckState.Warning, $"The kernel has no {what} {name}, but the program calls it"
                + (byDefault ? " without a check." : " with other parameters."))
            { Target = name };
    }

    private static (bool Reached, bool ByDefault) Calls(CheckContext context, string name)
    {
        var code = context.Analysis.Code;
        var (reached, byDefault) = (false, false);
        foreach (var function in code.Functions)
        {
            for (var at = function.Start; at < function.End; at += Instruction.Length)
            {
                if (Instruction.At(code.Bytes(function.Section), at).IsCall && code.SymbolAt(function.Section, at) is { IsExtern: true } symbol && symbol.Name == name)
                {
                    reached |= context.Analysis.IsReached(function.Section, at);
                    byDefault |= context.Analysis.IsReachedByDefault(function.Section, at);
                }
            }
        }

        return (reached, byDefault);
    }
}
