namespace Bee.Ebpf.Records;

/// <summary>
/// Names the C struct member that a field of a C# struct mirrors. Without the attribute <c>Pid</c>, <c>pid</c> and the property <c>Pid</c> of a record struct mirror <c>pid</c>, and <c>ExitCode</c>
/// mirrors <c>exit_code</c>. A field that mirrors no member, or a bit field, is padding if its name begins with an underscore, and an error otherwise.
/// </summary>
/// <param name="name">The member's name in C.</param>
[AttributeUsage(AttributeTargets.Field)]
public sealed class BpfFieldAttribute(string name) : Attribute
{
    /// <summary>The member's name in C.</summary>
    public string Name { get; } = name;
}
