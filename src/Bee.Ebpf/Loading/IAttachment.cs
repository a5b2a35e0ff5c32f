namespace Bee.Ebpf;

/// <summary>What holds a program attached; disposing of it detaches the program.</summary>
internal interface ILink : IDisposable
{
    /// <summary>The descriptor of the kernel's link, valid until this is disposed of; negative where the kernel has no link object.</summary>
    int LinkDescriptor { get; }
}
