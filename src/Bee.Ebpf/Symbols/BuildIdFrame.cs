namespace Bee.Ebpf;

/// <summary>A frame that the kernel recorded as a build id and a place in the file.</summary>
/// <param name="buildId">The build id in hex digits.</param>
/// <param name="place">The place in the file.</param>
/// <param name="hint">The process, or null: its files are looked at first.</param>
internal sealed class BuildIdFrame(string buildId, ulong place, ProcessMappings? hint) : FrameSource
{
    public override string BuildId => buildId;

    public override FrameName Find(ulong address, bool isCaller)
    {
        if (BuildIds.Find(buildId, hint) is not { } file)
        {
            return new FrameName(null, null, null, place);
        }

        var behind = isCaller && place > 0 ? 1ul : 0ul;
        return file.Functions?.Find(place - behind) is { } found
            ? new FrameName(found.Name, found.Offset + behind, file.Path, place)
            : new FrameName(null, null, file.Path, place);
    }
}
