using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

internal static class TestDirectory
{
    /// <summary>Opens a directory and waits for its recorder.</summary>
    public static ContainerDirectory Open(IReadOnlyList<IContainerRuntime> runtimes)
    {
        var directory = ContainerDirectory.Open(runtimes)!;
        directory.WaitForRecorder();
        return directory;
    }
}
