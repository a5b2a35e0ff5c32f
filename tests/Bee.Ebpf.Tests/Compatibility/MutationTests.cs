using Bee.Ebpf.Btf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Mutation;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Tests.Objects;
using Bee.Mutation;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>Hundreds of thousands of damaged types, line numbers, relocations and kernels: the readers reject them, or all their results are usable.</summary>
public class MutationTests(ITestOutputHelper output)
{
    private static readonly Lazy<TargetKernel> s_kernel = new(() => KernelTypes.Kernel(Types("core")));

    /// <summary>BTF; one time in eight also the relocations that refer to its types.</summary>
    [ClangFact]
    public void Types_are_read_or_refused() => Run("BTF", MutationPart.Types, (bytes, index) =>
    {
        var file = ObjectFile.Read(bytes, "mutation");
        UseTypes(file.Btf!);
        if (index % 8 == 0)
        {
            UseAll(file, s_kernel.Value);
        }
    });

    /// <summary>.BTF.ext, and the resolution of its relocations.</summary>
    [ClangFact]
    public void Relocations_are_resolved_or_refused() =>
        Run("BTF.ext", MutationPart.Extension, (bytes, _) => UseAll(ObjectFile.Read(bytes, "mutation"), s_kernel.Value));

    /// <summary>The file of -KernelBtf, and a module's types on top of a kernel's. The reader is the one above; the rest is slow.</summary>
    [ClangFact]
    public void Kernels_are_read_or_refused()
    {
        ObjectFile[] files = [.. new[] { "core", "relocations", "externs", "relocations" }.Select(name => ObjectFile.Read(Fixtures.Bytes(name), name))];
        Run("kernels", MutationPart.Types, (bytes, index) =>
        {
            UseAll(files[index % files.Length], TargetKernel.Parse("mutation", bytes));
            UseTypes(BtfSpec.ParseKernel(BtfSection.Find(bytes)!.Value.ToArray(), s_kernel.Value.Types));
        }, part: 5);
        Run("kernel files", MutationPart.All, (bytes, _) => UseTypes(TargetKernel.Parse("mutation", bytes).Types!), part: 5);
    }

    /// <summary>Objects that were accepted by mistake once.</summary>
    [Fact]
    public void Objects_that_were_accepted_by_mistake_are_rejected()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Objects", "damaged"));
        Assert.NotEmpty(files);
        foreach (var path in files)
        {
            try
            {
                UseAll(ObjectFile.Read(path), TargetKernel.Running());
            }
            catch (BpfObjectException)
            {
                // This is the expected exception; any other one fails the test.
            }
        }
    }

    private void Run(string name, MutationPart damaged, Action<byte[], long> read, int part = 1)
    {
        byte[][] files = [.. new[] { "core", "relocations", "externs", "types" }.Select(Fixtures.Bytes)];
        Mutator? mutator = null;
        new ReaderRun(
            name,
            (seed, index) => LazyInitializer.EnsureInitialized(ref mutator, () => new Mutator(files, seed, damaged)).Make(index),
            read,
            fault => fault is BpfObjectException or InvalidDataException).Execute(output.WriteLine, part);
    }

    private static void UseAll(ObjectFile file, TargetKernel kernel)
    {
        foreach (var finding in CompatibilityCheck.Run(file, kernel))
        {
            _ = finding.Message;
        }
    }

    private static void UseTypes(BtfSpec types)
    {
        foreach (var type in types.Types)
        {
            _ = type.ToString();
            _ = type.Size;
            switch (type)
            {
                case BtfStruct holder:
                    _ = holder.Members.Sum(m => (long)m.BitOffset);
                    break;
                case BtfEnum choice:
                    _ = choice.Values.Count;
                    break;
            }
        }
    }

    private static byte[] Types(string fixture) => BtfSection.Find(Fixtures.Bytes(fixture))!.Value.ToArray();
}
