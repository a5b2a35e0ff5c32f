using System.Reflection;
using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>The system's libbpf: where it is looked for, and which version was found. It is loaded once for the process, on first use.</summary>
internal static class Libbpf
{
    /// <summary>The environment variable whose value, when set, is the path of the library to load instead of <c>libbpf.so.1</c>.</summary>
    public const string OverrideVariable = "BEE_LIBBPF";

    internal const string LibraryName = "libbpf";
    private const string SystemName = "libbpf.so.1";

    private static readonly Lazy<LoadedLibrary> s_loaded = new(Install);

    /// <summary>The path that <see cref="OverrideVariable"/> names, or null when it is unset or empty.</summary>
    public static string? OverridePath => Environment.GetEnvironmentVariable(OverrideVariable) is { Length: > 0 } path ? path : null;

    /// <summary>The version that the loaded library gives for itself, such as <c>1.1</c>.</summary>
    /// <exception cref="BpfLoadException">The library is missing or older than 1.0 (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    public static string Version
    {
        get
        {
            Require();
            return s_loaded.Value.Version;
        }
    }

    /// <summary>The address of a function of the loaded library.</summary>
    /// <exception cref="BpfLoadException">As <see cref="Version"/>.</exception>
    internal static ulong Address
    {
        get
        {
            Require();
            return (ulong)NativeLibrary.GetExport(s_loaded.Value.Handle, "libbpf_major_version");
        }
    }

    /// <summary>Loads the library if that has not happened yet.</summary>
    /// <exception cref="BpfLoadException">The library is missing or older than 1.0 (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    internal static void Require()
    {
        if (s_loaded.Value.Problem is { } problem)
        {
            throw new BpfLoadException(LoadFault.LibbpfMissing, problem)
            {
                Remedy = "Install libbpf 1.0 or later: the package is libbpf1 on Debian and Ubuntu, libbpf on Fedora, Arch and Alpine. "
                    + $"A copy elsewhere can be named in the environment variable {OverrideVariable}.",
            };
        }
    }

    /// <summary>The address of a call that the loaded library may be too old to have, or zero.</summary>
    internal static nint Find(string symbol) =>
        s_loaded.Value.Problem is null && NativeLibrary.TryGetExport(s_loaded.Value.Handle, symbol, out var address) ? address : 0;

    private static LoadedLibrary Install()
    {
        var library = Open(OverridePath ?? SystemName);
        if (library.Problem is null)
        {
            NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (wanted, _, _) => wanted == LibraryName ? library.Handle : 0);
            LibbpfLog.Install(library.Handle);
        }

        return library;
    }

    /// <summary>Loads a library of that name or path and looks whether it will do.</summary>
    internal static unsafe LoadedLibrary Open(string name)
    {
        if (!OperatingSystem.IsLinux())
            return new LoadedLibrary { Problem = "eBPF programs load on Linux only." };
        if (Path.IsPathRooted(name) && UntrustedPlace(name) is { } problem)
            return new LoadedLibrary { Problem = $"The library {name} is not loaded: {problem}" };
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
        {
            return new LoadedLibrary { Problem = $"The library {name} is older than libbpf 1.0." };
        }

        var version = $"{((delegate* unmanaged<uint>)major)()}.{((delegate* unmanaged<uint>)minor)()}";
        return new LoadedLibrary { Handle = handle, Version = version };
    }

    /// <summary>Why another user could have changed what root loads, as a sentence; null when none could.</summary>
    private static string? UntrustedPlace(string path)
    {
        try
        {
            if (UserAccount.EffectiveUser == 0)
                PathGuard.OwnOrInvoking.OpenFile(path)?.Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>A library, or why there is none.</summary>
    internal sealed class LoadedLibrary
    {
        /// <summary>For the runtime's native library calls; zero when there is a problem.</summary>
        public nint Handle { get; init; }

        /// <summary>Major and minor number.</summary>
        public string Version { get; init; } = "";

        /// <summary>Why the library cannot be used, as a sentence; null when it can.</summary>
        public string? Problem { get; init; }
    }
}
