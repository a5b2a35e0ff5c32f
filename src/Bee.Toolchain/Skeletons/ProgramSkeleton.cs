using Bee.Ebpf;

namespace Bee.Toolchain;

/// <summary>Writes C files to start from: each compiles, loads and reports something as it stands.</summary>
public static class ProgramSkeleton
{
    private static readonly IReadOnlyDictionary<SkeletonOutput, string> Prefixes = new Dictionary<SkeletonOutput, string>
    {
        [SkeletonOutput.Print] = "print",
        [SkeletonOutput.Counter] = "counter",
        [SkeletonOutput.Gauge] = "gauge",
        [SkeletonOutput.Histogram] = "hist",
    };

    /// <summary>The kinds of programs that there are skeletons for, by the beginning of their section's name.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. SkeletonKinds.All.Select(kind => kind.Name)];

    /// <summary>Writes a skeleton.</summary>
    /// <param name="request">What it shall do.</param>
    /// <returns>C, with a line feed at the end of each line.</returns>
    /// <exception cref="SkeletonException">There is no such kind, its parts do not go together, or the target cannot be.</exception>
    public static string Write(SkeletonRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        SkeletonKind kind = Find(request.Kind);
        SkeletonMapType map = request.MapType ?? SkeletonMapType.RingBuffer;
        if (request.Output != SkeletonOutput.Print || map is not (SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer))
        {
            throw new SkeletonException(SkeletonFault.Combination, $"There is no skeleton for {request.Output} on {map} yet.", "Take Print on RingBuffer or PerfBuffer.");
        }

        string target = request.AttachTo ?? kind.DefaultTarget ?? string.Empty;
        TargetShape shape = kind.Shape(target);
        SkeletonPiece program = SkeletonPiece.Read("program"), subject = SkeletonPiece.Read(kind.Subject), output = SkeletonPiece.Read("events");
        SkeletonField[] fields = [.. Labels(subject), .. shape.Fields];
        string place = output.Part("place", map)[0];
        string name = SkeletonName.Of(request.Name);
        var text = new PieceText
        {
            ["filter"] = subject.Part("filter"),
            ["guard"] = subject.Part("guard"),
            ["arguments"] = subject.Part("arguments"),
            ["declarations"] = output.Part("declarations"),
            ["map"] = output.Part("map", map),
            ["locals"] = output.Part("locals", map),
            ["body"] = output.Part("body", map),
            ["role"] = output.Part("role", request.Output),
            ["fields"] = [.. fields.Select(field => field.Line), .. shape.LeftOut.Count > 0 ? [$"// There is more: {string.Join(", ", shape.LeftOut)}."] : Array.Empty<string>()],
            ["assign"] = [.. fields.SelectMany(field => field.Statements(place))],
        };
        text.Set("name", name);
        text.Set("file", request.FileName);
        text.Set("function", $"on_{name}");
        text.Set("signature", shape.Signature);
        text.Set("target", target);
        text.Set("section", kind.Section);
        text.Set("when", kind.When);
        text.Set("about", $"{request.Output.ToString().ToLowerInvariant()}s what it sees at {target}.");
        text.Set("pass", kind.Pass);
        text.Set("prefix", Prefixes[request.Output]);
        return string.Join('\n', text.Fill(program.Part("program"))) + "\n";
    }

    private static SkeletonKind Find(string name)
        => SkeletonKinds.All.FirstOrDefault(kind => string.Equals(kind.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw new SkeletonException(
            SkeletonFault.UnknownKind,
            $"There is no skeleton for programs of the kind '{name}'.",
            Suggest.Nearest(name, Kinds, 3) is { Count: > 0 } near ? $"Did you mean {string.Join(" or ", near)}?" : $"There are: {string.Join(", ", Kinds)}.");

    private static IEnumerable<SkeletonField> Labels(SkeletonPiece subject) => subject.Part("labels").Select(line =>
    {
        string[] parts = line.Split(" | ");
        return new SkeletonField(parts[0], parts[1], parts.Length > 2 ? parts[2] : null, 8);
    });
}
