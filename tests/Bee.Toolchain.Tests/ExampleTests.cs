using Bee.Ebpf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>A test that loads into the kernel; skipped, with the reason, if that is impossible.</summary>
internal sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute() => Skip = Requirements.Kernel;
}

/// <summary>The same for a fact.</summary>
internal sealed class KernelFactAttribute : FactAttribute
{
    public KernelFactAttribute() => Skip = Requirements.Kernel;
}

/// <summary>The same, in a network namespace of the test's own.</summary>
internal sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = Requirements.Network;
}

public class ExampleTests
{
    private static readonly Dictionary<string, ObjectFile> s_compiled = [];

    public static TheoryData<string> Names => [.. Directory.GetDirectories(Sources.Examples).Select(folder => Path.GetFileName(folder)!).Order()];

    [CompileTheory]
    [MemberData(nameof(Names))]
    public void Example_compiles_without_a_warning_and_has_a_pid_parameter_or_an_attach_option(string name)
    {
        var file = Compile(name);

        Assert.True(file.Parameters.Any(parameter => parameter.Name == "target_pid" && parameter.Size == 4) || file.Programs.All(program => ProgramKinds.Find(program.Kind)!.NeedsInterface));
        Assert.Contains(file.Maps, map => map.Role != MapRole.None);
    }

    [CompileTheory]
    [MemberData(nameof(Names))]
    public void Its_manifest_is_true_of_it_and_describes_its_parameters(string name)
    {
        var file = Compile(name);
        var manifest = Isolated.Create<IManifestReader>().Read(Path.Combine(Sources.Examples, name, ProgramManifest.FileName));
        var shown = file.WithMetadata(manifest.Metadata);

        Assert.Empty(manifest.Check(file));
        Assert.Equal(name, manifest.Name);
        Assert.NotNull(manifest.Description);
        Assert.DoesNotContain(shown.Parameters, parameter => parameter.Description is null);
        Assert.DoesNotContain(shown.Maps, map => map.Role != MapRole.None && map.Metadata.Help is null);
    }

    /// <summary>The programs are loaded but not attached. tcpconnect needs kprobes to attach, but not to load.</summary>
    [KernelTheory]
    [MemberData(nameof(Names))]
    public void Verifier_accepts_the_program(string name)
    {
        var file = Compile(name);
        try
        {
            using var session = BpfSession.Load(file, new BpfSessionOptions { Interfaces = ["lo"] });

            Assert.NotEmpty(session.Programs);
        }
        catch (BpfLoadException refused) when (refused.Fault == LoadFault.Unsupported && file.Programs.All(program => program.Kind is "fentry" or "fexit"))
        {
            // A kernel without BPF trampolines does not verify the code. The virtual machines' kernels do.
            Assert.Contains("before verifying it", refused.Message);
        }
    }

    internal static ObjectFile Compile(string name)
    {
        lock (s_compiled)
        {
            return s_compiled.TryGetValue(name, out var file)
                ? file
                : s_compiled[name] = Sources.CompileFile(Path.Combine(Sources.Examples, name, name + ".bpf.c"), "-Wextra", "-Wno-unused-parameter");
        }
    }
}
