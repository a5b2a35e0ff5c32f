using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf;

/// <summary>How an object file is loaded and attached.</summary>
public sealed class BpfSessionOptions : AttachOptions
{
    /// <summary>Values for the program's <c>const volatile</c> globals, from <see cref="ParameterBinding.BindParameters"/>; null for the defaults.</summary>
    public BoundParameters? Parameters { get; init; }
}
