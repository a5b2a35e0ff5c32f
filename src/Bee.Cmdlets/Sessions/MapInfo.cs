using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;

namespace Bee.Cmdlets.Sessions;

/// <summary>A map of a program that runs in the background.</summary>
public sealed class MapInfo
{
    internal MapInfo(BpfMap map, int programId, string program)
    {
        Map = map;
        Id = map.Id;
        Program = program;
        ProgramId = programId;
    }

    /// <summary>The whole name, as in the source; the kernel keeps 15 characters of it.</summary>
    public string Name => Map.Name;

    /// <summary>The kind of map.</summary>
    public MapType Type => Map.Description.Type;

    /// <summary>The type of a key as C writes it; null where the map has no keys or the program says only their size.</summary>
    public string? KeyType => Map.Description.Key?.ToString();

    /// <summary>The type of a value or an event as C writes it; null where the program says only its size.</summary>
    public string? ValueType => Map.Description.Value?.ToString();

    /// <summary>The size of a key in bytes.</summary>
    public uint KeySize => Map.Description.KeySize;

    /// <summary>The size of a value in bytes, on one CPU.</summary>
    public uint ValueSize => Map.Description.ValueSize;

    /// <summary>How many entries fit; for ring buffers how many bytes.</summary>
    public uint MaxEntries => Map.Description.MaxEntries;

    /// <summary>What the map is for: what its author says, else what the prefix of its name says.</summary>
    public MapRole Role => Map.Description.Role;

    /// <summary>What the map tells, in its author's words; null where they say nothing.</summary>
    public string? Help => Map.Description.Metadata.Help;

    /// <summary>The unit of the map's values, in its author's words; null where they say nothing.</summary>
    public string? Unit => Map.Description.Metadata.Unit;

    /// <summary>True where Get-BeeMapEntry can read it.</summary>
    public bool CanRead => Map.CanRead;

    /// <summary>The kernel's id of the map.</summary>
    public int Id { get; }

    /// <summary>The name of the background program that it belongs to.</summary>
    public string Program { get; }

    /// <summary>The id of that program, as Get-BeeProgram shows it.</summary>
    public int ProgramId { get; }

    internal BpfMap Map { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
