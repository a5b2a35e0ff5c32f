using System.Reflection;
using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>The system's libbpf: where it is looked for, and which version was found. It is loaded once for the process, on first use.</summary>
public static class Libbpf
{
    /// <summary>The environment variable whose value, when set, is the path of the library to load instead of <c>libbpf.so.1</c>.</summary>
    public const string OverrideVariable = "BEE_LIBBPF";

    internal const string LibraryName = "libbpf";
    private const string SystemName = "libbpf.so.1";

    private static readonly Lazy<LoadedLibrary> Loaded = new(Open);

    /// <summary>The path that <see cref="OverrideVariable"/> names, or null when it is unset or empty.</summary>
    public static string? OverridePath => Environment.GetEnvironmentVariable(OverrideVariable) is { Length: > 0 } path ? path : null;

    /// <summary>The version that the loaded library gives for itself, such as <c>1.1</c>.</summary>
    /// <exception cref="BpfLoadException">The library is missing or older than 1.0 (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    public static string Version
    {
        get
        {
            Require();
            return Loaded.Value.Version;
        }
    }

    /// <summary>Loads the library if that has not happened yet.</summary>
    /// <exception cref="BpfLoadException">The library is missing or older than 1.0 (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    internal static void Require()
    {
        if (Loaded.Value.Problem is { } problem)
            throw new BpfLoadException(LoadFault.LibbpfMissing, problem)
            {
                Remedy = "Install libbpf 1.0 or later: the package is libbpf1 on Debian and Ubuntu, libbpf on Fedora, Arch and Alpine. "
                    + $"A copy elsewhere can be named in the environment variable {OverrideVariable}.",
            };
    }

    /// <summary>The address of a call that the loaded library may be too old to have, or zero.</summary>
    internal static nint Find(string symbol) =>
        Loaded.Value.Problem is null && NativeLibrary.TryGetExport(Loaded.Value.Handle, symbol, out var address) ? address : 0;

    private static unsafe LoadedLibrary Open()
    {
        var name = OverridePath ?? SystemName;
        if (!OperatingSystem.IsLinux())
            return new LoadedLibrary { Problem = "eBPF programs load on Linux only." };
        nint handle;
        try
        {
            handle = NativeLibrary.Load(name);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return new LoadedLibrary { Problem = $"The library {name} cannot be loaded." };
        }
        // The two calls came with 1.0, so their absence tells the age.
        if (!NativeLibrary.TryGetExport(handle, "libbpf_major_version", out var major)
            || !NativeLibrary.TryGetExport(handle, "libbpf_minor_version", out var minor))
            return new LoadedLibrary { Problem = $"The library {name} is older than libbpf 1.0." };
        var version = $"{((delegate* unmanaged<uint>)major)()}.{((delegate* unmanaged<uint>)minor)()}";
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (wanted, _, _) => wanted == LibraryName ? handle : 0);
        LibbpfLog.Install(handle);
        return new LoadedLibrary { Handle = handle, Version = version };
    }

    private sealed class LoadedLibrary
    {
        public nint Handle { get; init; }
        public string Version { get; init; } = "";
        public string? Problem { get; init; }
    }
}
