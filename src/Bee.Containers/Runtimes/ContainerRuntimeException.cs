using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>The setting that names the container runtimes is not valid.</summary>
internal sealed class ContainerRuntimeException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong with which part of the setting.</param>
    public ContainerRuntimeException(string message)
        : base("BadContainerRuntime", message, $"Set {RuntimeDetection.Variable} to 'none', or to a comma-separated list of endpoints such as 'containerd:/run/containerd/containerd.sock', or remove it.")
    {
    }
}
