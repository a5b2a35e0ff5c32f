using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>The network interfaces and named network namespaces of this machine.</summary>
public static unsafe partial class NetworkTargets
{
    [StructLayout(LayoutKind.Sequential)]
    private struct NameAndIndex
    {
        public uint Index;
        public nint Name;
    }

    /// <summary>The names that <c>ip netns</c> knows; empty where there are none.</summary>
    public static IReadOnlyList<string> Namespaces() =>
        Directory.Exists(NetworkNamespaceHandle.NamedFolder) ? [.. Directory.EnumerateFiles(NetworkNamespaceHandle.NamedFolder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)] : [];

    /// <summary>The interfaces of a network namespace, by number.</summary>
    /// <param name="networkNamespace">The namespace as <see cref="AttachOptions.NetworkNamespace"/> takes it; null for this process's own.</param>
    /// <exception cref="BpfLoadException">There is no such namespace, or this process may not enter it.</exception>
    public static IReadOnlyList<NetworkInterfaceName> Interfaces(string? networkNamespace)
    {
        if (networkNamespace is null)
        {
            return Here();
        }

        using var space = NetworkNamespaceHandle.Open(networkNamespace);
        return space.Run(Here);
    }

    /// <summary>The interfaces of the namespace that the calling thread is in.</summary>
    internal static IReadOnlyList<NetworkInterfaceName> Here()
    {
        var list = (NameAndIndex*)InterfaceNames();
        if (list is null)
        {
            return [];
        }

        try
        {
            var found = new List<NetworkInterfaceName>();
            for (var one = list; one->Index != 0; one++)
            {
                found.Add(new NetworkInterfaceName(Marshal.PtrToStringUTF8(one->Name)!, (int)one->Index));
            }

            return found;
        }
        finally
        {
            FreeInterfaceNames((nint)list);
        }
    }

    [LibraryImport("libc", EntryPoint = "if_nameindex", SetLastError = true)]
    private static partial nint InterfaceNames();

    [LibraryImport("libc", EntryPoint = "if_freenameindex")]
    private static partial void FreeInterfaceNames(nint list);
}
