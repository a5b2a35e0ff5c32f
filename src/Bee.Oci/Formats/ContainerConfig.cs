using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bee.Oci.Formats;

/// <summary>The configuration of a container image (OCI Image Specification 1.1, config.md). Unknown keys of the base are preserved.</summary>
internal sealed class ContainerConfig
{
    private const string EntrypointKey = "Entrypoint";

    private readonly JsonObject _root;
    private readonly JsonObject _execution;

    private ContainerConfig(JsonObject root)
    {
        _root = root;
        _execution = Part(root, "config");
    }

    /// <summary>Reads a configuration.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="digest">The digest, for messages.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedConfig"/>.</exception>
    public static ContainerConfig Read(byte[] content, string digest)
    {
        try
        {
            return new ContainerConfig(JsonNode.Parse(content) as JsonObject ?? throw new JsonException("It is not an object."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new StoreException(StoreFault.DamagedConfig, $"The config {digest} is not valid: {e.Message} Remove the image and pull it again.", e);
        }
    }

    /// <summary>The command that the container starts; empty if the image has none.</summary>
    public IReadOnlyList<string> Entrypoint => [.. ((_execution[EntrypointKey] as JsonArray) ?? []).Select(Text).OfType<string>()];

    /// <summary>Returns a label; null if the image does not have it.</summary>
    public string? Label(string key) => Text((_execution["Labels"] as JsonObject)?[key]);

    /// <summary>Sets the entry point, and removes the base's default arguments, which would follow it.</summary>
    public void Start(IEnumerable<string> entrypoint)
    {
        _execution[EntrypointKey] = new JsonArray([.. entrypoint.Select(word => (JsonNode?)JsonValue.Create(word))]);
        _execution.Remove("Cmd");
        // Docker's builder marks commands in shell form with this key.
        _execution.Remove("ArgsEscaped");
    }

    /// <summary>Sets labels, and removes the base's labels with the specification's keys, which describe the base.</summary>
    public void SetLabels(IReadOnlyDictionary<string, string> labels)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, JsonNode? value) in (_execution["Labels"] as JsonObject) ?? [])
        {
            if (Text(value) is { } text && !key.StartsWith("org.opencontainers.image.", StringComparison.Ordinal))
            {
                sorted[key] = text;
            }
        }

        foreach ((string key, string value) in labels)
        {
            sorted[key] = value;
        }

        _execution["Labels"] = new JsonObject([.. sorted.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value)))]);
    }

    /// <summary>Adds a layer.</summary>
    /// <param name="diffId">The digest of the uncompressed tar archive.</param>
    /// <param name="madeBy">The creator, for the history.</param>
    /// <param name="layers">The number of layers of the base.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedConfig"/>: the base does not list its layers.</exception>
    public void AddLayer(string diffId, string madeBy, int layers)
    {
        if (_root["rootfs"] is not JsonObject system || system["diff_ids"] is not JsonArray ids || ids.Count != layers)
        {
            throw new StoreException(StoreFault.DamagedConfig, "The config of the base does not name each of its layers (rootfs.diff_ids).");
        }

        ids.Add((JsonNode?)JsonValue.Create(diffId));
        if (_root["history"] is JsonArray history)
        {
            history.Add((JsonNode)new JsonObject { ["created_by"] = madeBy });
        }
    }

    /// <summary>Sets the date of the image.</summary>
    public void SetCreated(string date) => _root["created"] = date;

    /// <summary>Returns the bytes. The same content gives the same bytes.</summary>
    public byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = CanonicalEncoder.Instance }))
        {
            _root.WriteTo(writer);
        }

        return output.WrittenSpan.ToArray();
    }

    private static JsonObject Part(JsonObject root, string name)
    {
        if (root[name] is JsonObject found)
        {
            return found;
        }

        var made = new JsonObject();
        root[name] = made;
        return made;
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}

/// <summary>The labels that mark Bee's own containers. A container also has the labels of its base.</summary>
internal static class ContainerLabels
{
    /// <summary>On a base: the version of Bee in it. The first argument of its entry point is an image of the store.</summary>
    public const string Base = "bee.base";

    /// <summary>On a container: the reference of the tool.</summary>
    public const string ToolReference = "bee.tool.reference";

    /// <summary>On a container: the digest of the tool, which the entry point runs.</summary>
    public const string ToolDigest = "bee.tool.digest";

    /// <summary>On a container: the capabilities that the tool needs, separated by commas.</summary>
    public const string Capabilities = "bee.tool.capabilities";

    /// <summary>On a container: the folders of the host that the tool needs, separated by commas.</summary>
    public const string Mounts = "bee.tool.mounts";

    /// <summary>On a container: <c>true</c> if the tool attaches to network interfaces of the host.</summary>
    public const string HostNetwork = "bee.tool.host-network";

    /// <summary>The path of the store in the layer of a container.</summary>
    public const string StorePath = "/opt/bee/store";
}
