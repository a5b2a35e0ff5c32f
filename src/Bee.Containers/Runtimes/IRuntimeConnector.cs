namespace Bee.Containers.Runtimes;

/// <summary>Connects to runtimes that speak gRPC: containerd, by its own API, and CRI-O, by Kubernetes' runtime interface (CRI). Bee.Isolated implements it.</summary>
internal interface IRuntimeConnector
{
    /// <summary>Returns a runtime. Connects when it is asked, and again after the runtime has restarted.</summary>
    /// <param name="name">The runtime: <c>containerd</c> or <c>crio</c>.</param>
    /// <param name="socket">The socket.</param>
    IContainerRuntime Open(string name, RuntimeSocket socket);
}
