using System.Text;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>
/// Looks for names among the kernel's hundred thousand types and symbols, on their bytes: only those that fit become strings. It is used while somebody types.
/// </summary>
internal static class TargetScan
{
    /// <summary>Names of types that have a part in them, without the beginning that all of the wanted have.</summary>
    /// <exception cref="IOException">The kernel shows no types.</exception>
    public static List<string> OfTypes(BtfKind kind, string prefix, string part)
    {
        // Not checked as a whole, as a graph that is followed is: nothing is followed here, and it is the kernel's own.
        BtfTable table = BtfReader.Read(RegularFile.ReadAllBytes(BtfSpec.KernelPath), null);
        var (start, wanted) = (Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(part));
        var names = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (uint id = 1; id < table.TypeCount; id++)
        {
            if (table.Kind(id) == kind && table.NameOffset(id) is var offset && offset < table.StringsLength)
            {
                var name = table.TextBytes(offset);
                if (IsWanted(name, start, wanted))
                {
                    Add(names, seen, name[prefix.Length..]);
                }
            }
        }

        return names;
    }

    /// <summary>Names of functions of the kernel and its modules that have a part in them, without the beginning that all of the wanted have.</summary>
    /// <exception cref="IOException">The kernel shows no symbols.</exception>
    public static List<string> OfCode(string prefix, string part)
    {
        var (start, wanted) = (Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(part));
        var names = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        using var list = KernelSymbolReader.Open();
        while (list.Read())
        {
            // Names with a dot are parts that the compiler made, __pfx_ is the padding before a function: nothing attaches there.
            var name = list.Name;
            if (list.IsCode && IsWanted(name, start, wanted) && name.IndexOf((byte)'.') < 0 && !name.StartsWith("__pfx_"u8))
            {
                Add(names, seen, name[prefix.Length..]);
            }
        }

        return names;
    }

    private static bool IsWanted(ReadOnlySpan<byte> name, byte[] start, byte[] part) =>
        name.Length > start.Length && name.StartsWith(start) && name[start.Length..].IndexOf(part) >= 0;

    private static void Add(List<string> names, HashSet<string> seen, ReadOnlySpan<byte> name)
    {
        var text = Encoding.UTF8.GetString(name);
        if (seen.Add(text))
        {
            names.Add(text);
        }
    }
}
