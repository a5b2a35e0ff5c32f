namespace Bee.Ebpf;

/// <summary>Says why a program could not be attached to an interface, a control group or a network namespace that is there.</summary>
internal static class TargetFailure
{
    public static BpfLoadException Explain(BpfProgram program, string place, int errno, string log) => errno switch
    {
        Libc.EPERM or Libc.EACCES => Permissions.Refused($"attach program '{program.Name}' to {place}", errno, program.Name, log, perf: false, network: true),
        Libc.ENODEV or Libc.ENOENT => Make(program, LoadFault.NoTarget, $"Program '{program.Name}' cannot attach to {place}, which has gone.", errno, log, ""),
        Libc.EBUSY or Libc.EEXIST => Make(
            program, LoadFault.Busy, $"Program '{program.Name}' cannot attach to {place}: another program is attached there and does not allow others beside it.", errno, log,
            "`bpftool net show` and `bpftool cgroup tree` list what is attached; end what holds it."),
        Libc.EINVAL or Libc.EOPNOTSUPP or Libc.ENOTSUPP => Make(
            program, LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({program.Description.SectionName}) to {place}: {Libc.Describe(errno)}.", errno, log,
            "The kernel is too old for this kind of program, was built without it, or the driver or the MTU of the interface does not allow it. " + LibbpfText.Last(log)),
        _ => Make(program, LoadFault.Other, $"Program '{program.Name}' ({program.Description.SectionName}) cannot be attached to {place}: {Libc.Describe(errno)}.", errno, log, LibbpfText.Last(log)),
    };

    public static BpfLoadException NoTcx(BpfProgram program, int errno) => Make(
        program, LoadFault.Unsupported, $"This kernel does not attach program '{program.Name}' ({program.Description.SectionName}): it has no tcx.", errno, "",
        "That takes Linux 6.6 or later. A section tc/ingress or tc/egress runs on older kernels too.");

    public static BpfLoadException OldQdisc(BpfProgram program, string place) => Make(
        program, LoadFault.Busy, $"Program '{program.Name}' ({program.Description.SectionName}) cannot attach to interface {place}: the qdisc ingress is there, which has no place for packets that are sent.",
        Libc.EBUSY, "", $"The qdisc clsact does both ways and takes its place: `tc qdisc del dev {place} ingress` makes room, and removes the filters of others there.");

    private static BpfLoadException Make(BpfProgram program, LoadFault fault, string message, int errno, string log, string remedy) =>
        new(fault, message) { Program = program.Name, Errno = errno, Log = log, Remedy = remedy.TrimEnd() };
}
