namespace Bee.Toolchain;

/// <summary>The parts of an iterator's skeleton, whose records are its output.</summary>
internal static class IteratorReport
{
    private const string Task = "task";

    /// <summary>Sets the places of a program.</summary>
    public static void Fill(PieceText text, TargetShape shape)
    {
        var piece = SkeletonPiece.Read(IteratorShape.Subject);
        string? first = IteratorShape.Object(shape);
        // Whether a process is the one wanted can be asked where there is a process.
        string which = first == Task ? Task : "any";
        string place = piece.Part("place")[0];
        text["arguments"] = [string.Concat(piece.Part("arguments", which))];
        text["filter"] = piece.Part("filter", which);
        text["declarations"] = piece.Part("declarations");
        text["locals"] = piece.Part("locals");
        text["objects"] = shape.Locals;
        text["guard"] = first is null ? [] : piece.Part("guard", which);
        text["body"] = piece.Part("body");
        text["fields"] = [.. shape.Fields.Select(field => field.Line), .. shape.Notes];
        text["assign"] = [.. shape.Fields.SelectMany(field => field.Statements(place))];
        text["state"] = text["measure"] = text["valuelocals"] = [];
        text.Set("object", first ?? string.Empty);
    }
}
