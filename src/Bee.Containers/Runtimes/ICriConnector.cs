namespace Bee.Containers.Runtimes;

/// <summary>Connects to runtimes that speak CRI, Kubernetes' runtime interface (<c>runtime.v1.RuntimeService</c>, gRPC). Bee.Isolated implements it.</summary>
internal interface ICriConnector
{
    /// <summary>Returns a runtime. Connects when it is asked, and again after the runtime has restarted.</summary>
    /// <param name="name">The name for messages, such as <c>containerd</c>.</param>
    /// <param name="socket">The socket.</param>
    IContainerRuntime Open(string name, RuntimeSocket socket);
}
