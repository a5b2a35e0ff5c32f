using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Bee.Ebpf.Records;

/// <summary>Looks up users and groups by id and name in the C library. Results are cached, since a directory service may be slow.</summary>
internal static unsafe class AccountNames
{
    private const int MaxBuffer = 1 << 20;

    private static readonly ConcurrentDictionary<uint, string?> s_users = new();
    private static readonly ConcurrentDictionary<uint, string?> s_groups = new();

    public static string? User(uint id) => s_users.GetOrAdd(id, static id => Find<uint>(id, &getpwuid_r)?.Name);

    public static string? Group(uint id) => s_groups.GetOrAdd(id, static id => Find<uint>(id, &getgrgid_r)?.Name);

    public static uint? UserId(string name) => Find<string>(name, &getpwnam_r)?.Id;

    public static uint? GroupId(string name) => Find<string>(name, &getgrnam_r)?.Id;

    // struct passwd and struct group both begin with pointers to name and password, followed by the id.
    private static (string? Name, uint Id)? Find<TKey>(TKey key, delegate*<TKey, Record*, byte*, nuint, Record**, int> find)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        for (var size = 1024; size <= MaxBuffer; size *= 4)
        {
            var buffer = new byte[size];
            fixed (byte* text = buffer)
            {
                Record record;
                Record* found = null;
                if (find(key, &record, text, (nuint)size, &found) == 0)
                {
                    return found == null ? null : (Marshal.PtrToStringUTF8(found->Name), found->Id);
                }
            }
        }

        return null;
    }

    [DllImport("libc", ExactSpelling = true)]
    private static extern int getpwuid_r(uint id, Record* record, byte* buffer, nuint size, Record** found);

    [DllImport("libc", ExactSpelling = true)]
    private static extern int getgrgid_r(uint id, Record* record, byte* buffer, nuint size, Record** found);

    [DllImport("libc", ExactSpelling = true)]
    private static extern int getpwnam_r([MarshalAs(UnmanagedType.LPUTF8Str)] string name, Record* record, byte* buffer, nuint size, Record** found);

    [DllImport("libc", ExactSpelling = true)]
    private static extern int getgrnam_r([MarshalAs(UnmanagedType.LPUTF8Str)] string name, Record* record, byte* buffer, nuint size, Record** found);

    // Larger than either struct on any platform.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Record
    {
        public nint Name;
        public nint Password;
        public uint Id;
    }
}
