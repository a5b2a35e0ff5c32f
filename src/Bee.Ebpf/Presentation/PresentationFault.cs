namespace Bee.Ebpf;

/// <summary>Something that an <see cref="ObjectMetadata"/> says and that cannot be so.</summary>
/// <param name="Place">Which part says it: <c>maps/NAME</c>, <c>maps/NAME/fields/NAME</c>, <c>maps/NAME/labels/NAME</c>, <c>parameters/NAME/default</c> and so on.</param>
/// <param name="Message">What is wrong, as a sentence.</param>
public sealed record MetadataFault(string Place, string Message);
