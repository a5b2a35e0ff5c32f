namespace Bee.Ebpf;

/// <summary>
/// The parameters that nearly all gadgets have, since Inspektor Gadget's <c>gadget/filter.h</c> brings them: its own tool knows them by type and
/// variable, and gives them short names that no metadata repeats.
/// </summary>
internal static class GadgetParameters
{
    private const string MaxEntries = "_max_entries";

    private static readonly (string Variable, string Type, string Key, string Description)[] s_known =
    [
        ("targ_pid", "gadget_pid", "pid", "Only this process; 0 for all"),
        ("targ_tid", "gadget_tid", "tid", "Only this thread; 0 for all"),
        ("targ_uid", "gadget_uid", "uid", "Only processes of this user"),
        ("targ_gid", "gadget_gid", "gid", "Only processes of this group"),
        ("targ_comm", "gadget_comm", "comm", "Only processes of this name"),
        ("collect_ustack", "bool", "collect-ustack", "Whether stacks of user space are recorded"),
    ];

    /// <summary>The parameter with what its name and type mean: itself where that is nothing.</summary>
    public static ParameterDescription Apply(ParameterDescription parameter)
    {
        if (parameter.Size == sizeof(uint) && parameter.Name.EndsWith(MaxEntries, StringComparison.Ordinal))
        {
            return parameter.AsSizeOf(parameter.Name[..^MaxEntries.Length]);
        }

        var known = Array.Find(s_known, known => known.Variable == parameter.Name && known.Type == TypeName(parameter.Type));
        return known.Key is null ? parameter : parameter.WithMetadata(new ParameterMetadata { Key = known.Key, Description = known.Description });
    }

    private static string TypeName(BtfType type)
    {
        while (type is BtfArray or BtfModifier)
        {
            type = type is BtfArray array ? array.Element : ((BtfModifier)type).Target;
        }

        return type is BtfInt { IsBool: true } ? "bool" : type.Name;
    }
}
