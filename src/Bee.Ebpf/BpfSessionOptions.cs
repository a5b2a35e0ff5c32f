using Bee.Ebpf.Links;

namespace Bee.Ebpf;

/// <summary>How an object file is loaded and attached.</summary>
public sealed class BpfSessionOptions : AttachOptions
{
    /// <summary>Values for the program's <c>const volatile</c> globals, by name as in C (case counts). Those not named keep their defaults.</summary>
    public IReadOnlyDictionary<string, object?> Parameters { get; init; } = new Dictionary<string, object?>();
}
