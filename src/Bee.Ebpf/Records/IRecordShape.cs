namespace Bee.Ebpf;

/// <summary>What events and entries have in common: an emitted type and its fields. Views are made from it.</summary>
public interface IRecordShape
{
    /// <summary>The emitted type of the objects.</summary>
    Type ClrType { get; }

    /// <summary>The map's name, or the struct's where there is no map.</summary>
    string Name { get; }

    /// <summary>The properties, in the order in which the emitted type declares them.</summary>
    IReadOnlyList<RecordField> Fields { get; }

    /// <summary>What the map's author says about it and its fields; never null.</summary>
    MapMetadata Metadata => MapMetadata.None;
}
