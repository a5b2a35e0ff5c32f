using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf;

/// <summary>How an object file is loaded and attached.</summary>
public sealed class BpfSessionOptions : AttachOptions
{
    /// <summary>Values for the program's <c>const volatile</c> globals, from <see cref="ParameterBinding.BindParameters"/>; null for the defaults.</summary>
    public BoundParameters? Parameters { get; init; }

    /// <summary>How many entries maps have, or rings bytes, by the map's name: in place of what the declaration and the author's metadata say.</summary>
    public IReadOnlyDictionary<string, uint> MapSizes { get; init; } = new Dictionary<string, uint>();
}
