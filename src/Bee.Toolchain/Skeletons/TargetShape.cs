namespace Bee.Toolchain;

/// <summary>What a program's target hands to it.</summary>
/// <param name="Signature">The program's function, with $(function) for its name.</param>
/// <param name="Fields">What can be read of the target's own values.</param>
/// <param name="LeftOut">Names of values that are not read, because there are many or they are no plain values.</param>
internal sealed record TargetShape(string Signature, IReadOnlyList<SkeletonField> Fields, IReadOnlyList<string> LeftOut)
{
    public TargetShape(string signature) : this(signature, [], [])
    {
    }
}
