namespace Bee.Ebpf;

/// <summary>Frames of a process, by what it had mapped when the stack was taken.</summary>
internal sealed class UserFrames(ProcessMappings process) : FrameSource
{
    public override FrameName Find(ulong address, bool isCaller)
    {
        var at = isCaller ? address - 1 : address;
        var behind = address - at;
        if (process.Find(at) is not { } mapping)
        {
            return FrameName.Unknown;
        }

        if (!mapping.IsFile)
        {
            return process.Generated(at) is { } generated
                ? new FrameName(generated.Name, generated.Offset + behind, "[generated]", null)
                : new FrameName(null, null, mapping.Path.Length > 0 ? mapping.Path : "[anonymous]", null);
        }

        var place = at - mapping.Start + mapping.Offset;
        return mapping.Functions(process)?.Functions?.Find(place) is { } found
            ? new FrameName(found.Name, found.Offset + behind, mapping.FilePath, place + behind)
            : new FrameName(null, null, mapping.FilePath, place + behind);
    }
}

/// <summary>Frames of which nothing is known but the address: of a process that was not named, or has gone.</summary>
internal sealed class UnknownFrames : FrameSource
{
    public static readonly UnknownFrames Instance = new();

    public override FrameName Find(ulong address, bool isCaller) => FrameName.Unknown;
}
