using Bee.Containers.Kubernetes;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Reads kubeconfig files.</summary>
public sealed class KubeconfigReader : IKubeconfigReader
{
    /// <inheritdoc/>
    KubeconfigEntry? IKubeconfigReader.Read(string path, string text)
    {
        if (YamlText.Load(path, text) is not [{ RootNode: YamlMappingNode root }, ..]
            || Text(root, "current-context") is not { } current
            || Named(root, "contexts", "context", current) is not { } context
            || Named(root, "clusters", "cluster", Text(context, "cluster")) is not { } cluster
            || Named(root, "users", "user", Text(context, "user")) is not { } user
            || Text(cluster, "server") is not { } server)
        {
            return null;
        }

        return new KubeconfigEntry
        {
            Server = server,
            Authority = Data(cluster, "certificate-authority-data"),
            AuthorityFile = Text(cluster, "certificate-authority"),
            SkipsVerification = Text(cluster, "insecure-skip-tls-verify") == "true",
            Token = Text(user, "token"),
            TokenFile = Text(user, "tokenFile"),
            Certificate = Data(user, "client-certificate-data"),
            CertificateFile = Text(user, "client-certificate"),
            Key = Data(user, "client-key-data"),
            KeyFile = Text(user, "client-key"),
            NeedsProgram = Child(user, "exec") is not null || Child(user, "auth-provider") is not null,
        };
    }

    private static YamlMappingNode? Named(YamlMappingNode root, string list, string member, string? name) => Child(root, list) is YamlSequenceNode items
        ? items.Children.OfType<YamlMappingNode>().Where(item => Text(item, "name") == name).Select(item => Child(item, member)).OfType<YamlMappingNode>().FirstOrDefault()
        : null;

    private static YamlNode? Child(YamlMappingNode node, string name) => node.Children.TryGetValue(new YamlScalarNode(name), out YamlNode? child) ? child : null;

    private static string? Text(YamlMappingNode node, string name) => Child(node, name) is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;

    // A damaged value counts as missing; the server then refuses the client.
    private static byte[]? Data(YamlMappingNode node, string name)
    {
        byte[] data = new byte[Text(node, name)?.Length ?? 0];
        return Text(node, name) is { } text && Convert.TryFromBase64String(text, data, out int length) ? data[..length] : null;
    }
}
