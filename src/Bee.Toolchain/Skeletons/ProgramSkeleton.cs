namespace Bee.Toolchain.Skeletons;

/// <summary>Writes C files as a starting point. Each compiles, loads and reports something without changes.</summary>
internal static class ProgramSkeleton
{
    /// <summary>The kinds of programs with a skeleton, by the prefix of their section.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. SkeletonKinds.All.Select(kind => kind.Name)];

    /// <summary>Returns the kind in <see cref="Kinds"/> for a name in any case, or for an alias (<c>tp</c>, <c>raw_tp</c>).</summary>
    /// <param name="name">The name.</param>
    /// <returns>The kind, or null if there is none.</returns>
    public static string? FindKind(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return SkeletonKinds.All.FirstOrDefault(kind => kind.IsCalled(name))?.Name;
    }

    /// <summary>Writes a skeleton.</summary>
    /// <param name="request">The properties of the skeleton.</param>
    /// <returns>The C text, with a line feed at the end of each line.</returns>
    /// <exception cref="SkeletonException">The kind does not exist, the options conflict, or the target is invalid.</exception>
    public static string Write(SkeletonRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        SkeletonKind kind = SkeletonRules.Kind(request.Kind);
        SkeletonMapType? map = SkeletonRules.Map(kind, request.MapType, request.Output);
        string target = SkeletonRules.Target(kind, request.AttachTo);
        TargetShape shape = kind.Shape(target);
        if (shape.Unreadable is { } path)
        {
            request.Warn?.Invoke(
                $"The skeleton does not have the fields of {target}: this user may not read '{path}'. Write it as root, or let this user's group read tracefs (as root: mount -o remount,mode=750,gid=GROUP /sys/kernel/tracing).");
        }

        string name = SkeletonName.Of(request.Name);
        var text = new PieceText();
        text.Set("name", name);
        text.Set("function", $"on_{name}");
        text.Set("file", request.FileName);
        text.Set("signature", shape.Signature);
        text.Set("section", kind.Section(target));
        text.Set("when", $"Runs {kind.Kind.Description}{(target.Length > 0 ? $": {target}" : string.Empty)}.");
        text.Set("about", SkeletonWords.About(request.Output, map));
        text.Set("pass", kind.Pass);
        text["include"] = shape.Include;
        if (map is { } type)
        {
            SkeletonReport.Fill(text, kind, shape, type, request.Output);
        }
        else
        {
            IteratorReport.Fill(text, shape);
        }

        return string.Join('\n', text.Fill(SkeletonPiece.Read("program").Part("program"))) + "\n";
    }
}
