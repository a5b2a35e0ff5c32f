using System.Runtime.InteropServices;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public sealed class UserTargetTests
{
    private static readonly string s_architecture = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "#define X86\n" : "";

    internal static readonly string Probes = s_architecture + """
        #if defined(X86)
        #define __TARGET_ARCH_x86
        #else
        #define __TARGET_ARCH_arm64
        #endif
        #include "fixture.h"
        #include <asm/ptrace.h>
        typedef _Bool bool;
        #include <bpf/bpf_tracing.h>
        #include <bpf/usdt.bpf.h>
        struct {
        	__uint(type, BPF_MAP_TYPE_ARRAY);
        	__uint(max_entries, 4);
        	__type(key, __u32);
        	__type(value, __u64);
        } gauge_seen SEC(".maps");
        SEC("usdt/PATH:bee:one")
        int BPF_USDT(probe, int value)
        {
        	__u32 slot = value;
        	__u64 *count = bpf_map_lookup_elem(&gauge_seen, &slot);
        	if (count)
        		__sync_fetch_and_add(count, 1);
        	return 0;
        }
        """;

    [KernelFact]
    public void A_static_probe_is_seen_with_its_argument()
    {
        using var library = new MarkedLibrary();
        Counting.Run(Fixture.Compile("usdt", Probes.Replace("PATH", library.Path)), Narrowed(), session =>
        {
            library.Call("marked_one", 2, times: 5);
            library.Call("marked_two", 3);
            Assert.Equal([0ul, 0, 5, 0], session.Counts());
        });
    }

    [KernelFact]
    public void A_program_without_the_maps_of_static_probes_gets_a_remedy()
    {
        using var library = new MarkedLibrary();
        using var session = BpfSession.Load(
            Fixture.Compile("usdtbare", "#include \"fixture.h\"\nSEC(\"usdt/PATH:bee:one\") int probe(void *ctx) { return 0; }\n".Replace("PATH", library.Path)), new BpfSessionOptions());
        var error = Assert.Throws<BpfLoadException>(session.Attach);
        Assert.Equal(LoadFault.BadObject, error.Fault);
        Assert.Contains("usdt.bpf.h", error.Remedy);
    }

    [KernelFact]
    public void A_pattern_attaches_to_each_matching_probe()
    {
        using var library = new MarkedLibrary();
        var options = new BpfSessionOptions { ProcessId = Environment.ProcessId, AttachTo = new Dictionary<string, string> { ["probe"] = library.Path + ":bee:*" } };
        Counting.Run(Fixture.Compile("usdt", Probes), options, session =>
        {
            library.Call("marked_one", 2);
            library.Call("marked_two", 3);
            Assert.Equal([0ul, 0, 1, 1], session.Counts());
        });
    }

    [KernelFact]
    public void A_missing_probe_is_reported_with_close_names()
    {
        using var library = new MarkedLibrary();
        var e = Fails(Fixture.Compile("usdt", Probes.Replace("PATH:bee:one", library.Path + ":bee:once")));

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains("bee:one", e.Suggestions);
        Assert.Contains(library.Path, e.Message);
    }

    [KernelTheory]
    [InlineData("/bin/sh:bee:one", "no static probes")]
    [InlineData("/no/such/file:bee:one", "which does not exist")]
    [InlineData("libc.so.6", "does not name a static probe")]
    [InlineData(":one", "does not name a static probe")]
    public void An_invalid_probe_is_explained(string target, string reason) => Assert.Contains(reason, Fails(Fixture.Compile("usdt", Probes.Replace("PATH:bee:one", target))).Message);

    [KernelFact]
    public void A_probe_whose_argument_libbpf_cannot_read_is_explained()
    {
        using var library = new MarkedLibrary("\n__attribute__((noinline)) int odd(int value) { PROBE_AT(\"bee\", \"odd\", \"-4@somewhere(%%rip)\", value); return value; }\n");
        var e = Fails(Fixture.Compile("usdt", Probes.Replace("PATH:bee:one", library.Path + ":bee:odd")));

        Assert.Equal(LoadFault.Unsupported, e.Fault);
        Assert.Contains("somewhere(%rip)", e.Message);
        Assert.Contains("bee:odd", e.Message);
        Assert.Contains("newer libbpf", e.Remedy);
    }

    [KernelTheory]
    [InlineData("uprobe/FILE:main", "#!/bin/sh -e\necho\n", "a script", "/bin/sh")]
    [InlineData("uprobe/FILE:ma*", "#!/bin/sh\n", "a script", "/bin/sh")]
    [InlineData("uprobe.multi/FILE:main", "#!/usr/bin/env python3\n", "a script", "/usr/bin/env")]
    [InlineData("usdt/FILE:bee:one", "#!/bin/sh\n", "a script", "/bin/sh")]
    [InlineData("uretprobe/FILE:main", "", "not an ELF file", "the program or the library")]
    [InlineData("uretprobe/FILE:main", "/* GNU ld script */", "not an ELF file", "the program or the library")]
    public void A_target_in_a_file_that_is_not_ELF_is_explained(string section, string content, string what, string remedy)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("bee-script-").FullName, "target");
        try
        {
            File.WriteAllText(path, content);
            var file = Fixture.Compile("script", $"#include \"fixture.h\"\nSEC(\"{section.Replace("FILE", path)}\") int probe(void *ctx) {{ return 0; }}\n");
            var e = Fails(file);
            var finding = Assert.Single(CompatibilityCheck.Run(file, TargetKernel.Running()), f => f is { Name: "AttachTargets", State: CheckState.Failed });

            Assert.Equal(LoadFault.NoTarget, e.Fault);
            Assert.Contains($"'{path}', which is {what}", e.Message);
            Assert.Contains(remedy, e.Remedy);
            Assert.Equal((e.Message, e.Remedy), (finding.Message, finding.Remedy));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [KernelTheory]
    [InlineData("uprobe")]
    [InlineData("uretprobe")]
    [InlineData("uprobe.multi")]
    [InlineData("uretprobe.multi")]
    [InlineData("uprobe.multi.s")]
    public void A_pattern_attaches_to_each_matching_function(string kind)
    {
        using var library = new MarkedLibrary();
        var file = Counting.Object(($"{kind}/{library.Path}:marked_*", "void", "seen(0); return 0;"));
        Counting.Run(file, Narrowed(), session =>
        {
            library.Call("marked_one", 1, times: 2);
            library.Call("marked_two", 1);
            library.Call("other", 1);
            Assert.Equal(3ul, session.Counts()[0]);
            // One link for both if the kernel supports that.
            Assert.Equal(UprobeMultiLinks.SuitsKernel(Narrowed().ForAttach()) ? 1 : 2, session.Programs[0].LinkIds.Count);
        });
    }

    [KernelTheory]
    [InlineData("uprobe")]
    [InlineData("uprobe.multi")]
    public void A_pattern_without_matches_is_explained(string kind)
    {
        using var library = new MarkedLibrary();
        var e = Fails(Counting.Object(($"{kind}/{library.Path}:marked_onee*", "void", "return 0;")));

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains("marked_one", e.Suggestions);
    }

    [KernelFact]
    public void Multi_uprobes_are_restricted_to_one_process()
    {
        using var library = new MarkedLibrary();
        using var other = System.Diagnostics.Process.Start("sleep", "60");
        var file = Counting.Object(($"uprobe.multi/{library.Path}:marked_*", "void", "seen(0); return 0;"));
        try
        {
            Counting.Run(file, new BpfSessionOptions { ProcessId = other.Id }, session =>
            {
                library.Call("marked_one", 1);
                Assert.Equal(0ul, session.Counts()[0]);
            });
        }
        finally
        {
            other.Kill();
            other.WaitForExit();
        }
    }

    [KernelFact]
    public void A_damaged_library_is_read_as_far_as_possible()
    {
        using var library = new MarkedLibrary();
        var whole = File.ReadAllBytes(library.Path);
        Assert.Equal([new StaticProbe("bee", "one"), new StaticProbe("bee", "two")], StaticProbes.Of(library.Path).OrderBy(p => p.Name));
        var damaged = library.Path + ".damaged";
        var random = new Random(20261122);
        for (var i = 0; i < 3000; i++)
        {
            var bytes = whole[..(i % 3 == 0 ? random.Next(whole.Length) : whole.Length)];
            for (var change = 0; change < 8 && bytes.Length > 0; change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(damaged, bytes);
            StaticProbes.Of(damaged);
            BinaryFunctions.Of(damaged);
        }
    }

    private static BpfSessionOptions Narrowed() => new() { ProcessId = Environment.ProcessId };

    private static BpfLoadException Fails(ObjectFile file) => Assert.Throws<BpfLoadException>(() =>
    {
        using var session = BpfSession.Load(file, Narrowed());
        session.Attach();
    });
}
