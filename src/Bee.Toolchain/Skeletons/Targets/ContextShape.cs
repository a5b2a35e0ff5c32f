namespace Bee.Toolchain;

/// <summary>What programs are given that is the same for every target: a piece says it.</summary>
internal static class ContextShape
{
    /// <summary>Reads it.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="context">Which of the piece's contexts; empty for a piece that has one.</param>
    public static TargetShape Read(string piece, string context)
    {
        var read = SkeletonPiece.Read(piece);
        return new TargetShape(read.Part("signature", context)[0], read.Fields("fields", context))
        {
            Include = read.Part("include", context),
            Before = read.Part("before", context),
            Locals = read.Part("locals", context),
        };
    }
}
