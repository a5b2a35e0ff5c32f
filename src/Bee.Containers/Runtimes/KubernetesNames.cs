using System.Text.Json;

namespace Bee.Containers.Runtimes;

/// <summary>The names that CRI runtimes write into the runtime specification of a container.</summary>
internal static class KubernetesNames
{
    /// <summary>The name of a pod's sandbox (the container that holds its namespaces), as the kubelet calls it.</summary>
    public const string Sandbox = "POD";

    private const string Prefix = "io.kubernetes.cri.";

    /// <summary>Reads the annotations that containerd's CRI part writes.</summary>
    /// <param name="id">The id.</param>
    /// <param name="annotations">The annotations of a container in the namespace <c>k8s.io</c>. In other namespaces, an image or a user may have chosen them.</param>
    public static ContainerRecord Read(string id, JsonElement annotations)
    {
        bool isSandbox = annotations.Text(Prefix + "container-type") == "sandbox";
        return new ContainerRecord
        {
            Id = id,
            Name = isSandbox ? Sandbox : ContainerText.Name(annotations.Text(Prefix + "container-name")),
            Image = ContainerText.Image(annotations.Text(Prefix + "image-name")),
            Pod = ContainerText.Name(annotations.Text(Prefix + "sandbox-name")),
            Namespace = ContainerText.Name(annotations.Text(Prefix + "sandbox-namespace")),
        };
    }
}
