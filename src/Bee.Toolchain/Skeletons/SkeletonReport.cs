namespace Bee.Toolchain.Skeletons;

/// <summary>The parts of a skeleton that reports through a map: its filter, its event, and its map.</summary>
internal static class SkeletonReport
{
    /// <summary>Sets the placeholders of a program.</summary>
    public static void Fill(PieceText text, SkeletonKind kind, TargetShape shape, SkeletonMapType map, SkeletonOutput output)
    {
        SkeletonPiece subject = SkeletonPiece.Read(kind.Subject), place = SkeletonPiece.Read(PieceOf(map));
        bool isEvent = map is SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer, isMeasured = output is SkeletonOutput.Gauge or SkeletonOutput.Histogram;
        text["arguments"] = [SkeletonWords.Place(kind.Kind) + string.Concat(subject.Part("arguments"))];
        text["filter"] = subject.Part("filter");
        text["guard"] = [.. shape.Before, .. subject.Part("guard")];
        text["declarations"] = place.Part("declarations");
        text["map"] = place.Part("map", isEvent ? map : output);
        text["role"] = place.Part("role", output);
        text["locals"] = [.. shape.Locals, .. place.Part("locals", isEvent ? map : output)];
        text["body"] = place.Part("body", isEvent ? map : output);
        text["state"] = isMeasured ? subject.Part("state") : [];
        text["measure"] = isMeasured ? subject.Part("measure") : [];
        text["valuelocals"] = isMeasured ? subject.Part("valuelocals") : [];
        text["unit"] = subject.Part("unit");
        text.Set("prefix", SkeletonWords.Prefix(output));

        IReadOnlyList<SkeletonField> labels = subject.Fields("labels"), values = subject.Fields("value");
        // Counters and histograms have few labels; events contain all fields.
        SkeletonField[] all = [.. labels, .. output == SkeletonOutput.Print ? shape.Fields : []];
        IEnumerable<string> notes = output == SkeletonOutput.Print ? shape.Notes : [];
        string at = place.Part("place", map).FirstOrDefault(string.Empty);
        text["labels"] = [.. labels.Select(field => field.Line)];
        text["assignlabels"] = Statements(labels, "key.");
        text["fields"] = [.. all.Select(field => field.Line), .. notes];
        text["assign"] = Statements(all, at);
        text["otherfields"] = [.. shape.Fields.Select(field => field.Line), .. notes];
        text["assignother"] = Statements(shape.Fields, at);
        text["timefield"] = output == SkeletonOutput.Print ? ["ktime at;"] : [];
        text["timeassign"] = output == SkeletonOutput.Print ? [$"{at}at = bpf_ktime_get_ns();"] : [];
        text["valuefield"] = isMeasured ? [.. values.Select(field => field.Line)] : [];
        text["valueassign"] = isMeasured ? Statements(values, at) : [];
        text["valuetype"] = [.. values.Select(field => field.Declaration.Split(' ')[0])];
    }

    private static string PieceOf(SkeletonMapType map) => map switch
    {
        SkeletonMapType.Hash => "entries",
        SkeletonMapType.Array => "slots",
        _ => "events",
    };

    private static string[] Statements(IEnumerable<SkeletonField> fields, string place) => [.. fields.SelectMany(field => field.Statements(place))];
}

/// <summary>The parts of an iterator's skeleton, whose records are its output.</summary>
internal static class IteratorReport
{
    private const string Task = "task";

    /// <summary>Sets the placeholders of a program.</summary>
    public static void Fill(PieceText text, TargetShape shape)
    {
        var piece = SkeletonPiece.Read(IteratorShape.Subject);
        string? first = IteratorShape.Object(shape);
        // A filter on the process requires an object that is a process.
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
