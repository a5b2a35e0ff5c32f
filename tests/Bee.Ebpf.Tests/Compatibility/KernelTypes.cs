using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Tests.Objects;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>Types written in C that represent a kernel's.</summary>
internal static class KernelTypes
{
    /// <summary>Returns the BTF of a source. A variable must use each type, or the compiler omits it.</summary>
    public static byte[] Compile(string types, params string[] variables)
    {
        var declarations = string.Concat(variables.Select((type, i) => $"{type} use_{i};\n"));
        var file = Fixtures.Compile("kernel", types + "\n" + declarations);
        return BtfSection.Find(file)!.Value.ToArray();
    }

    public static TargetKernel Kernel(byte[] btf) => TargetKernel.FromTypes("the test's kernel", BtfSpec.ParseKernel(btf));
}
