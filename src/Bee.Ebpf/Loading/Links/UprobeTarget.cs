namespace Bee.Ebpf;

/// <summary>What a uprobe section names: a file, and a place in it.</summary>
/// <param name="Path">The program or library. Without a slash it is looked for among what a process has mapped, on PATH or among the libraries.</param>
/// <param name="Function">The function, or a pattern; null when the offset alone says where.</param>
/// <param name="Offset">Bytes from the start of the function, or of the file.</param>
internal sealed record UprobeTarget(string Path, string? Function, ulong Offset)
{
    /// <summary>Reads a place: <c>function</c>, <c>function+offset</c> or <c>offset</c>, offsets in decimal or 0x hex. A function of exactly this name comes first.</summary>
    /// <returns>Null when the text has another form.</returns>
    public static UprobeTarget? Parse(string path, string place, Func<string, bool> isFunction)
    {
        if (path.Length == 0)
        {
            return null;
        }

        var plus = place.LastIndexOf('+');
        if ((plus >= 0 || TargetText.IsPattern(place)) && isFunction(place))
        {
            return new UprobeTarget(path, place, 0);
        }

        if (TargetText.TryOffset(place, out var offset))
        {
            return new UprobeTarget(path, null, offset);
        }

        return plus < 0 ? new UprobeTarget(path, place, 0)
            : plus > 0 && TargetText.TryOffset(place[(plus + 1)..], out offset) ? new UprobeTarget(path, place[..plus], offset) : null;
    }

    /// <summary>What a file has under the name of a place.</summary>
    public static PlaceMatch Look(TargetFile? file, string place)
    {
        if (file is null)
        {
            return PlaceMatch.NoFile;
        }

        var plus = place.LastIndexOf('+');
        return file.FunctionNames.Contains(place) || TargetText.TryOffset(place, out _)
            || (plus > 0 && TargetText.TryOffset(place[(plus + 1)..], out _) && file.FunctionNames.Contains(place[..plus])) ? PlaceMatch.Exact
            : TargetText.IsPattern(place) && file.FunctionNames.Any(name => TargetText.Fits(place, name)) ? PlaceMatch.Pattern : PlaceMatch.None;
    }

    /// <summary>The targets of a uprobe program, with their files.</summary>
    /// <exception cref="BpfLoadException">No such target exists, or its file does not exist.</exception>
    public static IReadOnlyList<(TargetFile File, UprobeTarget Target)> All(ProgramDescription program, TargetFiles files)
    {
        var found = new List<(TargetFile, UprobeTarget)>();
        foreach (var (path, place) in BinaryTargetText.Split(program.AttachTo, colons: 1, (path, place) => Look(files.Find(path), place)).DefaultIfEmpty(("", "")))
        {
            var file = path.Length == 0 ? null : files.Existing(path);
            found.Add((file!, Parse(path, place, name => file!.FunctionNames.Contains(name)) ?? throw new BpfLoadException(
                LoadFault.NoTarget,
                $"Program '{program.Name}' ({program.SectionName}) does not say which function to attach to{(place.Length > 0 ? $": '{(path.Length > 0 ? $"{path}:" : "")}{place}'" : "")}.")
            {
                Program = program.Name,
                Remedy = $"Write file and function, as in SEC(\"{program.Kind}//usr/bin/bash:readline\") or SEC(\"{program.Kind}/libc.so.6:malloc\").",
            }));
        }

        return found;
    }

    /// <summary>The places in the file: of the function of exactly the target's name, else of those that it fits as a pattern.</summary>
    /// <exception cref="BpfLoadException">The file has no such function.</exception>
    public IReadOnlyList<ulong> Places(ProgramDescription program, TargetFile file)
    {
        if (Function is null)
        {
            return [Offset];
        }

        ulong[] found = [.. file.Functions.Where(f => f.Name == Function).Select(f => f.Offset)];
        if (found.Length == 0 && TargetText.IsPattern(Function))
        {
            found = [.. file.Functions.Where(f => TargetText.Fits(Function, f.Name)).Select(f => f.Offset).Distinct()];
        }

        return found.Length > 0
            ? [.. found.Select(place => place + Offset)]
            : throw AttachFailure.NoTarget(program, Function, file.Functions.Select(f => f.Name), Libc.ENOENT, "", $" in {file}");
    }
}
