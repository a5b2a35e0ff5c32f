namespace Bee.Ebpf.Objects;

/// <summary>What the name of a program's section says: how the program is attached, and to what.</summary>
/// <param name="Kind">The kind; <see cref="ProgramKinds.Unknown"/> where the name means nothing.</param>
/// <param name="AttachTo">What follows the kind, or null.</param>
/// <param name="IsSleepable">True where the name has the mark for programs that may sleep.</param>
internal readonly record struct SectionKind(ProgramKind Kind, string? AttachTo, bool IsSleepable)
{
    private const string SleepMark = ".s";

    /// <summary>Reads a section's name, without the '?' in front.</summary>
    public static SectionKind Of(string section)
    {
        section = WithoutName(section);
        if (ProgramKinds.Spelled(section) is { HasTargetInSection: false, Name.Length: > 0 } whole)
        {
            // What follows a slash here is part of the kind: the target is given when the program is run.
            return new SectionKind(whole, null, whole.Name == ProgramKinds.RunOnRequest);
        }

        var slash = section.IndexOf('/');
        var prefix = slash < 0 ? section : section[..slash];
        var target = slash < 0 || slash + 1 == section.Length ? null : section[(slash + 1)..];
        var sleepable = prefix.EndsWith(SleepMark, StringComparison.Ordinal);
        var kind = ProgramKinds.Spelled(sleepable ? prefix[..^SleepMark.Length] : prefix);
        return kind.HasTargetInSection && (kind.MaySleep || !sleepable) ? new SectionKind(kind, target, sleepable) : new SectionKind(ProgramKinds.Unknown, null, false);
    }

    // Where libbpf wants the bare kind, other loaders let a name follow, which says nothing about attaching: cilium/ebpf, and so Inspektor Gadget's programs.
    private static string WithoutName(string section)
    {
        string[] parts = section.Split('/');
        return parts switch
        {
            ["perf_event", _] => "perf_event",
            ["classifier", "ingress" or "egress", ..] => $"tc/{parts[1]}",
            [['s', 'o', 'c', 'k', 'e', 't', .. { Length: > 0 } number]] when number.All(char.IsAsciiDigit) => "socket",
            _ => section,
        };
    }
}
