using System.Diagnostics;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Tests;

/// <summary>
/// A precompiled bee.h. A source that begins with it compiles to the same object in half the time, and there are
/// hundreds of skeletons.
/// </summary>
internal static class PrecompiledBee
{
    private static readonly Lazy<string[]> s_made = new(Make);

    /// <summary>The clang flags that use it.</summary>
    internal static string[] Flags => s_made.Value;

    private static string[] Make()
    {
        using var folder = new TemporaryFolder();
        var plain = Compiler.Compile(new CompileRequest { Source = folder.Write("plain.bpf.c", "#include \"bee.h\"\nBEE_LICENSE(\"GPL\");\n") }, CancellationToken.None);
        var file = Path.Combine(Path.GetTempPath(), $"bee-test-{Environment.ProcessId}.pch");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(file);
        string[] arguments =
        [
            .. plain.Flags, "-I", BeeHeaders.Directory!, "-I", Path.GetDirectoryName(VmlinuxHeader.GetOrCreate(null, out _))!,
            "-idirafter", Path.Combine(BeeHeaders.Directory!, "libc"), "-x", "c-header", Path.Combine(BeeHeaders.Directory!, "bee.h"), "-o", file,
        ];
        using var clang = Process.Start(new ProcessStartInfo(Clang.Find(null, CancellationToken.None).Path, arguments) { RedirectStandardError = true })!;
        var said = clang.StandardError.ReadToEnd();
        clang.WaitForExit();
        Assert.True(clang.ExitCode == 0, said);
        return ["-include-pch", file];
    }
}
