namespace Bee.Toolchain;

/// <summary>The kinds of programs that there are skeletons for.</summary>
internal static class SkeletonKinds
{
    public static IReadOnlyList<SkeletonKind> All { get; } =
    [
        new("tracepoint", "process", "Runs when a process passes the tracepoint $(target).")
        {
            DefaultTarget = "syscalls/sys_enter_openat",
            Shape = TracepointShape.Read,
        },
    ];
}
