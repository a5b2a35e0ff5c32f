using System.Reflection;
using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>Finds and loads the system's libbpf, once per process on first use.</summary>
internal static class Libbpf
{
    /// <summary>The environment variable with the path of the library to load instead of <c>libbpf.so.1</c>.</summary>
    public const string OverrideVariable = "BEE_LIBBPF";

    internal const string LibraryName = "libbpf";
    private const string SystemName = "libbpf.so.1";

    private static readonly Lazy<LoadedLibrary> s_loaded = new(Install);

    /// <summary>The value of <see cref="OverrideVariable"/>; null if it is unset or empty.</summary>
    public static string? OverridePath => Environment.GetEnvironmentVariable(OverrideVariable) is { Length: > 0 } path ? path : null;

    /// <summary>The version of the loaded library, such as <c>1.1</c>.</summary>
    /// <exception cref="BpfLoadException">The library is missing or older than 1.0 (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    public static string Version
    {
        get
        {
            Require();
            return s_loaded.Value.Version;
        }
    }

    /// <summary>The address of a function in the loaded library.</summary>
    /// <exception cref="BpfLoadException">The library is missing or older than 1.0 (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    internal static ulong Address
    {
        get
        {
            Require();
            return (ulong)NativeLibrary.GetExport(s_loaded.Value.Handle, "libbpf_major_version");
        }
    }

    /// <summary>Loads the library on the first call.</summary>
    /// <exception cref="BpfLoadException">The library is missing or older than 1.0 (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    internal static void Require()
    {
        if (s_loaded.Value.Problem is { } problem)
        {
            throw new BpfLoadException(LoadFault.LibbpfMissing, problem)
            {
                Remedy = "Install libbpf 1.0 or later: the package is libbpf1 on Debian and Ubuntu, libbpf on Fedora, Arch and Alpine. "
                    + $"The environment variable {OverrideVariable} can name another copy.",
            };
        }
    }

    /// <summary>Returns the address of a function; zero if the loaded library is too old to have it.</summary>
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

    /// <summary>Loads a library by name or path, and checks its version.</summary>
    internal static unsafe LoadedLibrary Open(string name)
    {
        if (!OperatingSystem.IsLinux())
            return new LoadedLibrary { Problem = "eBPF programs can be loaded only on Linux." };
        if (Path.IsPathRooted(name) && TrustProblem(name) is { } problem)
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
        // Both functions exist since 1.0.
        if (!NativeLibrary.TryGetExport(handle, "libbpf_major_version", out var major)
            || !NativeLibrary.TryGetExport(handle, "libbpf_minor_version", out var minor))
        {
            return new LoadedLibrary { Problem = $"The library {name} is older than libbpf 1.0." };
        }

        var version = $"{((delegate* unmanaged<uint>)major)()}.{((delegate* unmanaged<uint>)minor)()}";
        return new LoadedLibrary { Handle = handle, Version = version };
    }

    /// <summary>Returns why the file is not trusted when root loads it: another user could have changed it. Null if the file is trusted.</summary>
    private static string? TrustProblem(string path)
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

    /// <summary>A loaded library, or the problem with it.</summary>
    internal sealed class LoadedLibrary
    {
        /// <summary>The handle for <see cref="NativeLibrary"/>; zero if there is a problem.</summary>
        public nint Handle { get; init; }

        /// <summary>The major and minor version.</summary>
        public string Version { get; init; } = "";

        /// <summary>The reason why the library cannot be used, as a sentence; null if it can.</summary>
        public string? Problem { get; init; }
    }
}
