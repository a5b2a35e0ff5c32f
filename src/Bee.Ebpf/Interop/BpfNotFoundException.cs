using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>An object has no program, or no map, of a name.</summary>
public sealed class BpfNotFoundException : BeeException
{
    private BpfNotFoundException(bool isMap, string name, IReadOnlyList<string> suggestions, string message)
        : base(isMap ? "MapNotFound" : "ProgramNotFound", message)
    {
        Name = name;
        Suggestions = suggestions;
    }

    /// <summary>The name that was looked up.</summary>
    public string Name { get; }

    /// <summary>Names close to <see cref="Name"/>, the closest first; empty if none is close.</summary>
    public IReadOnlyList<string> Suggestions { get; }

    /// <summary>Returns the exception for a program that an object does not have.</summary>
    /// <param name="file">The object's name.</param>
    /// <param name="name">The name that was looked up.</param>
    /// <param name="near">Names close to it, the closest first.</param>
    /// <param name="all">The names of all programs.</param>
    internal static BpfNotFoundException Program(string file, string name, IReadOnlyList<string> near, IEnumerable<string> all) => Of(isMap: false, "program", file, name, near, all);

    /// <summary>Returns the exception for a map that an object does not have.</summary>
    /// <param name="file">The object's name.</param>
    /// <param name="name">The name that was looked up.</param>
    /// <param name="near">Names close to it, the closest first.</param>
    /// <param name="all">The names of all maps.</param>
    internal static BpfNotFoundException Map(string file, string name, IReadOnlyList<string> near, IEnumerable<string> all) => Of(isMap: true, "map", file, name, near, all);

    private static BpfNotFoundException Of(bool isMap, string what, string file, string name, IReadOnlyList<string> near, IEnumerable<string> all)
    {
        var known = string.Join(", ", all);
        return new BpfNotFoundException(isMap, name, near, $"{file} has no {what} '{name}'.")
        {
            Remedy = near.Count > 0 ? $"Did you mean {string.Join(" or ", near)}?" : known.Length > 0 ? $"Its {what}s are {known}." : $"It has no {what}s at all.",
        };
    }
}
