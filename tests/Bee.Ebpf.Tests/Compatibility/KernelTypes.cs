using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Tests.Objects;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>Types written in C that stand for a kernel's.</summary>
internal static class KernelTypes
{
    /// <summary>The BTF of a source. Each type must be used by a variable, or the compiler leaves it out.</summary>
    public static byte[] Compile(string types, params string[] variables)
    {
        var declarations = string.Concat(variables.Select((type, i) => $"{type} use_{i};\n"));
        var file = Fixtures.Compile("kernel", types + "\n" + declarations);
        return BtfSection.Find(file)!.Value.ToArray();
    }

    public static TargetKernel Kernel(byte[] btf) => TargetKernel.FromTypes("the test's kernel", BtfSpec.ParseKernel(btf));
}
