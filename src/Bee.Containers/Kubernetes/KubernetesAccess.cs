using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bee.Posix;

namespace Bee.Containers.Kubernetes;

/// <summary>What a kubeconfig file says about its current context.</summary>
internal sealed record KubeconfigEntry
{
    /// <summary>The address of the API server.</summary>
    public required string Server { get; init; }

    /// <summary>The certificates of the server's authority (PEM); null for those of the system.</summary>
    public byte[]? Authority { get; init; }

    /// <summary>A file with such certificates; null for none.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Whether the file asks not to verify the server's certificate.</summary>
    public bool SkipsVerification { get; init; }

    /// <summary>The bearer token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>A file with the bearer token; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The client's certificate (PEM); null for none.</summary>
    public byte[]? Certificate { get; init; }

    /// <summary>A file with the client's certificate; null for none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The key of the client's certificate (PEM); null for none.</summary>
    public byte[]? Key { get; init; }

    /// <summary>A file with that key; null for none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Whether a program has to be run for the credentials, which Bee does not do.</summary>
    public bool NeedsProgram { get; init; }
}

/// <summary>Reads kubeconfig files, which are YAML. Bee.Isolated implements it.</summary>
internal interface IKubeconfigReader
{
    /// <summary>Reads the current context.</summary>
    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="text">The file.</param>
    /// <returns>The entry; null if the file has no current context, or if that names a cluster or user that is missing.</returns>
    /// <exception cref="BeeException">The text is not YAML.</exception>
    KubeconfigEntry? Read(string path, string text);
}

/// <summary>The Kubernetes API cannot be used.</summary>
internal sealed class KubernetesException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="remedy">What to do about it.</param>
    /// <param name="inner">The cause, or null.</param>
    public KubernetesException(string message, string remedy, Exception? inner = null)
        : base("NoKubernetesAccess", message, remedy, inner)
    {
    }
}

/// <summary>The address of a Kubernetes API server, and the credentials for it.</summary>
/// <param name="server">The address. Only HTTPS is used.</param>
/// <param name="token">Returns the bearer token, which the kubelet replaces every hour; null for none.</param>
/// <param name="authority">The certificates that the server's must lead to; null for those of the system.</param>
/// <param name="certificate">The client's certificate with its key; null for none.</param>
internal sealed class KubernetesAccess(Uri server, Func<string?>? token, X509Certificate2Collection? authority, X509Certificate2? certificate)
{
    private const string ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const int LongestFile = 1 << 20;

    /// <summary>The address.</summary>
    public Uri Server => server;

    /// <summary>The current bearer token; null for none.</summary>
    public string? Token => token?.Invoke();

    /// <summary>Finds the access of this process: the service account of its pod, or a kubeconfig file.</summary>
    /// <param name="environment">Returns the value of an environment variable; null if it is not set.</param>
    /// <param name="home">The home directory of the user; null for none.</param>
    /// <param name="reader">Reads kubeconfig files.</param>
    /// <param name="serviceAccount">The folder of the service account.</param>
    /// <exception cref="KubernetesException">There is no access, or it cannot be used.</exception>
    public static KubernetesAccess Find(Func<string, string?> environment, string? home, Func<IKubeconfigReader> reader, string serviceAccount = ServiceAccount)
    {
        string tokenFile = Path.Combine(serviceAccount, "token");
        if (environment("KUBERNETES_SERVICE_HOST") is { Length: > 0 } host && File.Exists(tokenFile))
        {
            string shown = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
            return Open(new KubeconfigEntry { Server = $"https://{shown}:{environment("KUBERNETES_SERVICE_PORT") ?? "443"}", TokenFile = tokenFile, AuthorityFile = Path.Combine(serviceAccount, "ca.crt") }, serviceAccount);
        }

        string? path = environment("KUBECONFIG")?.Split(':').FirstOrDefault(one => one.Length > 0) ?? (home is null ? null : Path.Combine(home, ".kube/config"));
        if (path is null || !File.Exists(path))
        {
            throw new KubernetesException("This process has no access to a Kubernetes API.", "Run it in a pod with a service account, or set KUBECONFIG to the path of a kubeconfig file.");
        }

        path = Path.GetFullPath(path);
        KubeconfigEntry entry = reader().Read(path, Text(path)) ?? throw new KubernetesException($"'{path}' has no current context with a cluster and a user.", "Choose one with 'kubectl config use-context NAME'.");
        return Open(entry, Path.GetDirectoryName(path)!);
    }

    /// <summary>Returns a handler for HTTP that verifies the server and identifies the client.</summary>
    public SocketsHttpHandler Handler()
    {
        var options = new SslClientAuthenticationOptions();
        if (authority is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authority);
        }

        if (certificate is not null)
        {
            options.ClientCertificates = [certificate];
        }

        return new SocketsHttpHandler { SslOptions = options, AllowAutoRedirect = false, UseCookies = false, MaxResponseHeadersLength = 64, ConnectTimeout = TimeSpan.FromSeconds(5) };
    }

    private static KubernetesAccess Open(KubeconfigEntry entry, string folder)
    {
        if (!Uri.TryCreate(entry.Server, UriKind.Absolute, out Uri? server) || server.Scheme != Uri.UriSchemeHttps)
        {
            throw new KubernetesException($"The Kubernetes API server '{entry.Server}' is not an https address.", "Correct the server of the kubeconfig's cluster.");
        }

        if (entry.NeedsProgram)
        {
            throw new KubernetesException("The kubeconfig's user runs a program for its credentials, which is not supported.", "Use a kubeconfig with a token or a client certificate, for instance of a service account.");
        }

        if (entry.SkipsVerification)
        {
            throw new KubernetesException("The kubeconfig's cluster has 'insecure-skip-tls-verify', which is not supported.", "Set 'certificate-authority' instead.");
        }

        string In(string file) => Path.Combine(folder, file);
        try
        {
            byte[]? authority = entry.Authority ?? (entry.AuthorityFile is { } file ? Bytes(In(file)) : null);
            byte[]? certificate = entry.Certificate ?? (entry.CertificateFile is { } one ? Bytes(In(one)) : null), key = entry.Key ?? (entry.KeyFile is { } other ? Bytes(In(other)) : null);
            X509Certificate2Collection? roots = null;
            if (authority is not null)
            {
                roots = [];
                roots.ImportFromPem(Encoding.ASCII.GetString(authority));
            }

            return new KubernetesAccess(
                server,
                entry.Token is { } token ? () => token : entry.TokenFile is { } tokenFile ? () => Text(In(tokenFile)).Trim() : null,
                roots,
                certificate is not null && key is not null ? X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(certificate), Encoding.ASCII.GetString(key)) : null);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new KubernetesException($"A certificate or key for '{server}' cannot be read: {e.Message}", "Create the kubeconfig again.", e);
        }
    }

    private static string Text(string path) => Encoding.UTF8.GetString(Bytes(path));

    // The service account's files are links of the kubelet.
    private static byte[] Bytes(string path)
    {
        try
        {
            return RegularFile.ReadAllBytes(path, LongestFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PosixException)
        {
            throw new KubernetesException($"'{path}' cannot be read: {e.Message}", "Make the file readable for this user.", e);
        }
    }
}
