using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;

namespace Bee.Cmdlets.Sessions;

/// <summary>A map of a background session.</summary>
public sealed class MapInfo
{
    internal MapInfo(BpfMap map, int programId, string program)
    {
        Map = map;
        Id = map.Id;
        Program = program;
        ProgramId = programId;
    }

    /// <summary>The full name from the source. The kernel truncates it to 15 characters.</summary>
    public string Name => Map.Name;

    /// <summary>The kind of map.</summary>
    public MapType Type => Map.Description.Type;

    /// <summary>The key's type in C syntax; null if the map has no keys or only their size is known.</summary>
    public string? KeyType => Map.Description.Key?.ToString();

    /// <summary>The type of a value or event in C syntax; null if only its size is known.</summary>
    public string? ValueType => Map.Description.Value?.ToString();

    /// <summary>The size of a key in bytes.</summary>
    public uint KeySize => Map.Description.KeySize;

    /// <summary>The size of a value in bytes, on one CPU.</summary>
    public uint ValueSize => Map.Description.ValueSize;

    /// <summary>The maximum number of entries; for ring buffers, the size in bytes.</summary>
    public uint MaxEntries => Map.Description.MaxEntries;

    /// <summary>The map's role, from the author's metadata or else from the prefix of its name.</summary>
    public MapRole Role => Map.Description.Role;

    /// <summary>The author's description, or null.</summary>
    public string? Help => Map.Description.Metadata.Help;

    /// <summary>The unit of the map's values from the author's metadata, or null.</summary>
    public string? Unit => Map.Description.Metadata.Unit;

    /// <summary>Whether Get-BeeMapEntry can read the map.</summary>
    public bool CanRead => Map.CanRead;

    /// <summary>The kernel's id of the map.</summary>
    public int Id { get; }

    /// <summary>The name of the map's session.</summary>
    public string Program { get; }

    /// <summary>The id of the session, as Get-BeeProgram shows it.</summary>
    public int ProgramId { get; }

    internal BpfMap Map { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
