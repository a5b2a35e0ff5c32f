namespace Bee.Ebpf;

/// <summary>What a uprobe section names: a file, and a place in it.</summary>
/// <param name="Path">The program or library. Without a slash it is looked for on PATH or among the libraries.</param>
/// <param name="Function">The function; null when the offset alone says where.</param>
/// <param name="Offset">Bytes from the start of the function, or of the file.</param>
internal sealed record UprobeTarget(string Path, string? Function, ulong Offset)
{
    /// <summary>Reads <c>path:function</c>, <c>path:function+offset</c> or <c>path:offset</c>, offsets in decimal or 0x hex.</summary>
    /// <returns>Null when the text has another form.</returns>
    public static UprobeTarget? Parse(string? text)
    {
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || colon == text!.Length - 1)
        {
            return null;
        }

        var path = text[..colon];
        var place = text[(colon + 1)..];
        if (TargetText.TryOffset(place, out var offset))
        {
            return new UprobeTarget(path, null, offset);
        }

        var plus = place.LastIndexOf('+');
        if (plus < 0)
        {
            return new UprobeTarget(path, place, 0);
        }

        return plus > 0 && TargetText.TryOffset(place[(plus + 1)..], out offset) ? new UprobeTarget(path, place[..plus], offset) : null;
    }

    /// <summary>The targets of a uprobe program.</summary>
    /// <exception cref="BpfLoadException">There is none, or the process to narrow to has gone.</exception>
    public static IEnumerable<UprobeTarget> All(BpfProgram program, BpfSessionOptions options)
    {
        CheckProcess(program, options);
        foreach (var text in TargetText.Split(program.Description.AttachTo).DefaultIfEmpty(""))
        {
            var kind = program.Description.Kind;
            yield return Parse(text) ?? throw new BpfLoadException(
                LoadFault.NoTarget, $"Program '{program.Name}' ({program.Description.SectionName}) does not say which function to attach to{(text.Length > 0 ? $": '{text}'" : "")}.")
            {
                Program = program.Name,
                Remedy = $"Write file and function, as in SEC(\"{kind}//usr/bin/bash:readline\") or SEC(\"{kind}/libc.so.6:malloc\").",
            };
        }
    }

    /// <summary>The functions that the pattern of a target fits, one for each place.</summary>
    /// <exception cref="BpfLoadException">The file is missing, or has no such function.</exception>
    public static IReadOnlyList<BinaryFunction> Matching(BpfProgram program, UprobeTarget target)
    {
        var path = AttachFailure.Existing(program, target.Path);
        var all = BinaryFunctions.Of(path);
        var found = all.Where(f => TargetText.Fits(target.Function!, f.Name)).DistinctBy(f => f.Offset).ToArray();
        return found.Length > 0 ? found : throw AttachFailure.NoTarget(program.Description, target.Function!, all.Select(f => f.Name), Libc.ENOENT, "", $" in {path}");
    }

    /// <exception cref="BpfLoadException">The process to narrow to has gone.</exception>
    public static void CheckProcess(BpfProgram program, BpfSessionOptions options)
    {
        if (options.ProcessId is { } pid && !Directory.Exists($"/proc/{pid}"))
        {
            throw AttachFailure.NoProcess(program, pid);
        }
    }
}
