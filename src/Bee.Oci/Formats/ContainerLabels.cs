namespace Bee.Oci.Formats;

/// <summary>The labels of a container's configuration by which Bee knows its own containers. Each container has the labels of its base as well.</summary>
public static class ContainerLabels
{
    /// <summary>On a base: the version of Bee in it. The entry point of such a base takes an image of the store as its first argument.</summary>
    public const string Base = "bee.base";

    /// <summary>On a container: the reference of the tool.</summary>
    public const string ToolReference = "bee.tool.reference";

    /// <summary>On a container: the digest of the tool, which the entry point runs.</summary>
    public const string ToolDigest = "bee.tool.digest";

    /// <summary>On a container: the capabilities that the tool needs, separated by commas.</summary>
    public const string Capabilities = "bee.tool.capabilities";

    /// <summary>On a container: the folders of the host that the tool needs, separated by commas.</summary>
    public const string Mounts = "bee.tool.mounts";

    /// <summary>On a container: <c>true</c> where the tool attaches to network interfaces of the host.</summary>
    public const string HostNetwork = "bee.tool.host-network";

    /// <summary>Where the layer of a container has its store.</summary>
    public const string StorePath = "/opt/bee/store";
}
