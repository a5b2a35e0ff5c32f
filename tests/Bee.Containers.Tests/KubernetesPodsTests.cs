using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bee.Containers.Kubernetes;
using Bee.Ebpf.Records;
using Bee.Isolated;
using Bee.Posix;

namespace Bee.Containers.Tests;

/// <summary>Owners and labels of pods, from an HTTPS server of the test's own.</summary>
public sealed class KubernetesPodsTests : IDisposable
{
    private const string Pod = """
        {"kind":"Pod","metadata":{"name":"web-6d4cf56db6-x2k9p","namespace":"shop","labels":{"app":"web","pod-template-hash":"6d4cf56db6"},
        "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6d4cf56db6","uid":"1","controller":true,"blockOwnerDeletion":true}]},"spec":{"nodeName":"node-1"}}
        """;

    private const string ReplicaSet = """{"kind":"ReplicaSet","metadata":{"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"2","controller":true}]}}""";

    private readonly TemporaryState _state = new();
    private readonly Authority _authority = new();
    private readonly List<string> _requests = [];

    public void Dispose()
    {
        _authority.Dispose();
        _state.Dispose();
    }

    private static byte[]? Answer(string request) => request.Split(' ')[1] switch
    {
        "/api/v1/namespaces/shop/pods/web-6d4cf56db6-x2k9p" => SocketServer.Http(Pod),
        "/apis/apps/v1/namespaces/shop/replicasets/web-6d4cf56db6" => SocketServer.Http(ReplicaSet),
        "/api/v1/namespaces/shop/pods/alone" => SocketServer.Http("""{"metadata":{"labels":null,"ownerReferences":[{"kind":"Node","name":"n"}]}}"""),
        "/api/v1/namespaces/shop/pods/backup-1-x" => SocketServer.Http("""{"metadata":{"ownerReferences":[{"kind":"Job","name":"backup-1","controller":true}]}}"""),
        "/api/v1/namespaces/shop/pods/secret" or "/apis/batch/v1/namespaces/shop/jobs/backup-1" => SocketServer.Http("{}", "403 Forbidden"),
        "/api/v1/namespaces/shop/pods/odd" => SocketServer.Http("[1"),
        _ => SocketServer.Http("{}", "404 Not Found"),
    };

    private HttpsServer Serve(bool wantsCertificate = false) => new(_authority.Server, wantsCertificate, request =>
    {
        _requests.Add(request);
        return Answer(request);
    });

    private KubernetesAccess InCluster(int port)
    {
        _state.Write("account/token", "a-token\n");
        _state.Write("account/ca.crt", _authority.Pem);
        return KubernetesAccess.Find(
            name => name switch { "KUBERNETES_SERVICE_HOST" => "127.0.0.1", "KUBERNETES_SERVICE_PORT" => $"{port}", _ => null }, null, () => throw new InvalidOperationException(), _state.In("account"));
    }

    private KubernetesAccess Kubeconfig(int port, string user, string cluster = "") => KubernetesAccess.Find(
        name => name == "KUBECONFIG" ? _state.Write("config", $$"""
            apiVersion: v1
            kind: Config
            current-context: mine
            contexts:
            - name: other
              context: { cluster: none, user: none }
            - name: mine
              context: { cluster: test, user: me }
            clusters:
            - name: test
              cluster: { server: "https://127.0.0.1:{{port}}/", certificate-authority-data: {{Convert.ToBase64String(Encoding.ASCII.GetBytes(_authority.Pem))}} {{cluster}} }
            users:
            - name: me
              user: { {{user}} }
            """) : null, null, () => new KubeconfigReader());

    [Fact]
    public void Pod_of_a_deployment_has_its_owner_labels_and_node()
    {
        using HttpsServer server = Serve();
        using var pods = new KubernetesPods(InCluster(server.Port)) { Limit = TimeSpan.FromMinutes(1) };
        KubernetesPod? found = pods.Find("shop", "web-6d4cf56db6-x2k9p", default);
        Assert.True(found is not null, pods.Fault);
        Assert.Equal(("Deployment/web", "node-1", "web"), (found.Owner, found.Node, found.Labels["app"]));
        Assert.Same(found, pods.Find("shop", "web-6d4cf56db6-x2k9p", default));
        Assert.Equal(2, _requests.Count);
        Assert.All(_requests, request => Assert.Contains("Authorization: Bearer a-token\r\n", request, StringComparison.Ordinal));
    }

    [Fact]
    public void Pod_without_an_owner_that_can_be_read_has_the_nearest_one()
    {
        using HttpsServer server = Serve();
        using var pods = new KubernetesPods(InCluster(server.Port)) { Limit = TimeSpan.FromMinutes(1) };
        Assert.Null(pods.Find("shop", "alone", default)!.Owner);
        Assert.Equal("Job/backup-1", pods.Find("shop", "backup-1-x", default)!.Owner);
    }

    [Fact]
    public void Pod_that_the_API_refuses_does_not_know_or_answers_badly_is_null()
    {
        using HttpsServer server = Serve();
        using var pods = new KubernetesPods(InCluster(server.Port)) { Limit = TimeSpan.FromMinutes(1) };
        Assert.Null(pods.Find("shop", "odd", default));
        Assert.Null(pods.Find("shop", "gone", default));
        Assert.Null(pods.Fault);
        Assert.Null(pods.Find("shop", "../../../secrets", default));
        Assert.Contains("/pods/..%2F..%2F..%2Fsecrets ", _requests[^1], StringComparison.Ordinal);
        Assert.Null(pods.Find("shop", "secret", default));
        Assert.Equal($"'https://127.0.0.1:{server.Port}/' refuses to show 'api/v1/namespaces/shop/pods/secret' to this account (status 403).", pods.Fault);
        int asked = _requests.Count;
        Assert.Null(pods.Find("shop", "secret", default));
        Assert.Equal(asked, _requests.Count);
    }

    [Fact]
    public void Kubeconfig_with_a_client_certificate_identifies_the_client()
    {
        using HttpsServer server = Serve(wantsCertificate: true);
        using var pods = new KubernetesPods(Kubeconfig(server.Port, $"client-certificate-data: {Base64(_authority.ClientPem)}, client-key-data: {Base64(_authority.ClientKeyPem)}")) { Limit = TimeSpan.FromMinutes(1) };
        KubernetesPod? found = pods.Find("shop", "web-6d4cf56db6-x2k9p", default);
        Assert.True(found is not null, pods.Fault);
        Assert.DoesNotContain("Authorization", _requests[0], StringComparison.Ordinal);

        static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
    }

    [Fact]
    public void Kubeconfig_with_a_token_authenticates()
    {
        using HttpsServer server = Serve();
        using var pods = new KubernetesPods(Kubeconfig(server.Port, "token: from-file")) { Limit = TimeSpan.FromMinutes(1) };
        Assert.NotNull(pods.Find("shop", "web-6d4cf56db6-x2k9p", default));
        Assert.Contains("Authorization: Bearer from-file\r\n", _requests[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Server_whose_certificate_is_not_the_clusters_gets_no_token()
    {
        using var impostor = new Authority();
        using var server = new HttpsServer(impostor.Server, false, request =>
        {
            _requests.Add(request);
            return SocketServer.Http(Pod);
        });
        using var pods = new KubernetesPods(InCluster(server.Port)) { Limit = TimeSpan.FromMinutes(1) };
        Assert.Null(pods.Find("shop", "web-6d4cf56db6-x2k9p", default));

        // The client closes the connection before it sends anything.
        Assert.DoesNotContain(_requests.ToArray(), request => request.Length > 0);
        Assert.StartsWith($"'https://127.0.0.1:{server.Port}/' does not answer: ", pods.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_get_the_owner_and_the_labels_when_the_API_has_answered()
    {
        using HttpsServer server = Serve();
        var containers = new FixedNames(new ContainerNames { Id = "1", Container = "web", Pod = "web-6d4cf56db6-x2k9p", Namespace = "shop" });
        using var names = new PodNames(containers, new KubernetesPods(InCluster(server.Port)), fault => throw new InvalidOperationException(fault));
        Wait.Until(() => names.Find(default)?.Owner is not null);
        ContainerNames found = names.Find(default)!;
        Assert.Equal(("web", "Deployment/web", "app=web,pod-template-hash=6d4cf56db6"), (found.Container, found.Owner, found.LabelText));
        Assert.Same(found, names.Find(default));
        containers.Names = new ContainerNames { Id = "2", Container = "alone" };
        Assert.Same(containers.Names, names.Find(default));
        containers.Names = found with { Owner = null, UserId = 1000 };
        Assert.Same(containers.Names, names.Find(default));
        Assert.Equal(2, _requests.Count);
    }

    [Fact]
    public void Names_without_an_answer_stay_and_the_fault_is_reported_once()
    {
        using HttpsServer server = Serve();
        var (containers, faults) = (new FixedNames(Secret()), new List<string>());
        using (var names = new PodNames(containers, new KubernetesPods(InCluster(server.Port)), faults.Add))
        {
            for (int i = 1; i <= 3; i++)
            {
                Assert.Same(containers.Names, names.Find(default));
                Assert.Same(containers.Names, names.Find(default));
                int asked = i;
                Wait.Until(() => _requests.Count == asked);
                containers.Names = Secret() with { Pod = $"secret{i}" };
            }
        }

        Assert.Contains("/pods/secret' to this account (status 403)", Assert.Single(faults), StringComparison.Ordinal);

        static ContainerNames Secret() => new() { Id = "1", Container = "c", Pod = "secret", Namespace = "shop" };
    }

    [Fact]
    public void Check_of_a_server_that_does_not_answer_says_what_to_do()
    {
        int port;
        using (HttpsServer server = Serve())
        {
            port = server.Port;
            using var answered = new KubernetesPods(InCluster(port));
            answered.Check(default);
        }

        using var pods = new KubernetesPods(InCluster(port));
        var error = Assert.Throws<KubernetesException>(() => pods.Check(default));
        Assert.StartsWith($"The Kubernetes API cannot be used: 'https://127.0.0.1:{port}/' does not answer: ", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Remedy);
    }

    [Theory]
    [InlineData("exec: { command: aws }", "", "The kubeconfig's user runs a program for its credentials, which is not supported.")]
    [InlineData("token: x", ", insecure-skip-tls-verify: true", "The kubeconfig's cluster has 'insecure-skip-tls-verify', which is not supported.")]
    [InlineData("tokenFile: missing", "", null)]
    [InlineData("client-certificate-data: AAAA, client-key-data: AAAA", "", "A certificate or key for 'https://127.0.0.1:1/' cannot be read: ")]
    public void Kubeconfig_that_is_not_supported_says_what_to_do(string user, string cluster, string? message)
    {
        if (message is null)
        {
            using var pods = new KubernetesPods(Kubeconfig(1, user, cluster)) { Limit = TimeSpan.FromMinutes(1) };
            Assert.Null(pods.Find("shop", "web", default));
            Assert.Contains("missing' cannot be read", pods.Fault, StringComparison.Ordinal);
            return;
        }

        var exception = Assert.Throws<KubernetesException>(() => Kubeconfig(1, user, cluster));
        Assert.StartsWith(message, exception.Message, StringComparison.Ordinal);
        Assert.NotNull(exception.Remedy);
    }

    [Fact]
    public void Access_that_is_missing_says_what_to_do()
    {
        Assert.Equal("This process has no access to a Kubernetes API.", Assert.Throws<KubernetesException>(() => KubernetesAccess.Find(_ => null, _state.Path, () => new KubeconfigReader(), _state.In("none"))).Message);
        string file = _state.Write(".kube/config", "current-context: none");
        Assert.Equal($"'{file}' has no current context with a cluster and a user.", Assert.Throws<KubernetesException>(() => KubernetesAccess.Find(_ => null, _state.Path, () => new KubeconfigReader(), _state.In("none"))).Message);
        _state.Write(".kube/config", "[");
        Assert.ThrowsAny<BeeException>(() => KubernetesAccess.Find(_ => null, _state.Path, () => new KubeconfigReader(), _state.In("none")));
    }
}

/// <summary>Finds the same container for all records.</summary>
internal sealed class FixedNames(ContainerNames names) : IContainerResolver
{
    public ContainerNames Names { get; set; } = names;

    public ContainerNames? Find(in ContainerKey key) => Names;
}

/// <summary>A certificate authority with a server's and a client's certificate.</summary>
internal sealed class Authority : IDisposable
{
    private readonly X509Certificate2 _root, _client;
    private readonly ECDsa _clientKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var server = new CertificateRequest("CN=server", serverKey, HashAlgorithmName.SHA256);
        server.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = server.Create(_root, _root.NotBefore, _root.NotAfter, [1]);
        Server = signed.CopyWithPrivateKey(serverKey);
        _client = new CertificateRequest("CN=client", _clientKey, HashAlgorithmName.SHA256).Create(_root, _root.NotBefore, _root.NotAfter, [2]);
    }

    public X509Certificate2 Server { get; }

    public string Pem => _root.ExportCertificatePem();

    public string ClientPem => _client.ExportCertificatePem();

    public string ClientKeyPem => _clientKey.ExportPkcs8PrivateKeyPem();

    public void Dispose()
    {
        _root.Dispose();
        _client.Dispose();
        _clientKey.Dispose();
        Server.Dispose();
    }
}

/// <summary>An HTTPS server on loopback. It closes the connection after each answer.</summary>
internal sealed class HttpsServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HttpsServer(X509Certificate2 certificate, bool wantsCertificate, Func<string, byte[]?> answer)
    {
        _listener.Start();
        new Thread(() => Serve(certificate, wantsCertificate, answer)) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    private void Serve(X509Certificate2 certificate, bool wantsCertificate, Func<string, byte[]?> answer)
    {
        try
        {
            while (true)
            {
                using TcpClient client = _listener.AcceptTcpClient();
                try
                {
                    using var stream = new SslStream(client.GetStream(), false, (_, shown, _, _) => !wantsCertificate || shown?.Subject == "CN=client");
                    stream.AuthenticateAsServer(certificate, wantsCertificate, false);
                    byte[] request = new byte[64 << 10];
                    stream.Write(answer(Encoding.ASCII.GetString(request, 0, stream.Read(request)))!);
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client refused the certificate.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test has ended.
        }
    }
}
