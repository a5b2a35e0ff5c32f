using System.Text;
using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

/// <summary>Docker's and Podman's API, with answers that were recorded from Podman 4.3.1.</summary>
public sealed class EngineRuntimeTests : IDisposable
{
    private const string Id = "1cdffa289413125c4fcc76ce3f6887df05d59389f56e8710e865c5fdc3a6609d", Other = "f05f68ea02a7d4847ea39e01a4f31a313e9c45ff8f482fda1603e3934728a752";

    private readonly TemporaryState _state = new();

    public void Dispose() => _state.Dispose();

    private EngineRuntime Open(string name, uint user = 0) => new(name, new RuntimeSocket(_state.In("sock"), user) { Timeout = TimeSpan.FromMinutes(1) });

    private SocketServer Serve(Func<string, byte[]?> answer) => new(_state.In("sock"), answer);

    [RootFact]
    public void Podman_answers_with_pods_and_process_ids()
    {
        var requests = new List<string>();
        using SocketServer server = Serve(request =>
        {
            requests.Add(request.Split('\r')[0]);
            return SocketServer.Http(TemporaryState.Recorded("podman-list.json"));
        });
        using EngineRuntime podman = Open("podman");
        Assert.Equal(new ContainerRecord { Id = Id, Name = "in-pod", Image = "localhost/bee-base:1", Pod = "bee-pod", ProcessId = 20484 }, podman.Find(Id, default));
        Assert.Equal([("bee-rt", null, 30030), ("in-pod", "bee-pod", 20484)], podman.List(default).Select(container => (container.Name, container.Pod, container.ProcessId)));
        Assert.Equal(
            [
                $"GET /v4.0.0/libpod/containers/json?all=true&pod=true&filters={{%22id%22:[%22{Id}%22]}} HTTP/1.1",
                "GET /v4.0.0/libpod/containers/json?all=true&pod=true&filters={%22status%22:[%22running%22]} HTTP/1.1",
            ],
            requests.Select(request => request.Replace("%7B", "{", StringComparison.Ordinal).Replace("%7D", "}", StringComparison.Ordinal).Replace("%5B", "[", StringComparison.Ordinal).Replace("%5D", "]", StringComparison.Ordinal)));
    }

    [RootFact]
    public void Podman_without_its_own_API_answers_as_Docker()
    {
        using SocketServer server = Serve(request => request.Contains("libpod", StringComparison.Ordinal) ? SocketServer.Http("{}", "400 Bad Request") : Docker(request));
        using EngineRuntime podman = Open("podman");
        Assert.Equal(new ContainerRecord { Id = Id, Name = "in-pod", Image = "localhost/bee-base:1", ProcessId = 20484 }, podman.Find(Id, default));
        Assert.Equal(["in-pod", "bee-rt"], podman.List(default).Select(container => container.Name));
    }

    [RootFact]
    public void Docker_answers_for_one_and_for_all()
    {
        using SocketServer server = Serve(Docker);
        using EngineRuntime docker = Open("docker");
        Assert.Equal(new ContainerRecord { Id = Id, Name = "in-pod", Image = "localhost/bee-base:1", ProcessId = 20484 }, docker.Find(Id, default));
        Assert.Equal(["in-pod", "bee-rt"], docker.List(default).Select(container => container.Name));

        // The daemon also finds names and the beginnings of ids. Only a full id is asked for, and only its own answer counts.
        Assert.Null(docker.Find(Other, default));
        Assert.Null(docker.Find("in-pod", default));
        Assert.Null(docker.Find(Id[..12], default));
    }

    [Fact]
    public void Docker_list_of_linked_containers_and_pods_has_each_containers_own_name()
    {
        byte[] list = Encoding.UTF8.GetBytes($$"""
            [
              { "Id": "{{Id}}", "Names": ["/web/db", "/db"], "Image": "postgres", "Labels": null },
              { "Id": "{{Other}}", "Names": ["/k8s_app_web-0_shop_db8524d6-dc30-4916-9e99-cf866ef5312d_0"], "Image": "nginx", "Labels": { "io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop" } },
              { "Names": ["/no-id"] }, 1, null
            ]
            """);
        Assert.Equal([("db", null, null), ("app", "web-0", "shop")], EngineRuntime.ParseList(Json.Parse(list)!.RootElement).Select(container => (container.Name, container.Pod, container.Namespace)));
    }

    public static TheoryData<string, string?> BadAnswers => new()
    {
        { "nothing", null },
        { "not HTTP", "\0\u0001garbage\r\n\r\n" },
        { "not JSON", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[{\"I" },
        { "cut", "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n[]" },
        { "an error", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}" },
        { "a redirection", "HTTP/1.1 302 Found\r\nLocation: http://localhost/elsewhere\r\nContent-Length: 0\r\n\r\n" },
        { "another type", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\"text\"" },
        { "wrong members", "HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n[{\"Id\":1,\"Names\":2},{\"Names\":[3]}]" },
        { "long headers", $"HTTP/1.1 200 OK\r\nX: {new string('x', 100_000)}\r\nContent-Length: 2\r\n\r\n[]" },
    };

    [Theory]
    [MemberData(nameof(BadAnswers))]
    public void Bad_answer_is_no_container(string kind, string? answer)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        using SocketServer server = Serve(_ => Encoding.UTF8.GetBytes(answer ?? ""));
        using EngineRuntime docker = Open("docker");
        Assert.True(docker.Find(Id, default) is null, kind);
        Assert.True(docker.List(default) is [], kind);
    }

    [RootFact]
    public void Answer_above_the_limit_is_no_container()
    {
        string answer = TemporaryState.Recorded("podman-docker-inspect.json");
        using SocketServer server = Serve(_ => SocketServer.Http(answer));
        using var small = new EngineRuntime("docker", new RuntimeSocket(_state.In("sock"), 0) { LongestAnswer = answer.Length - 1, Timeout = TimeSpan.FromMinutes(1) });
        using var exact = new EngineRuntime("docker", new RuntimeSocket(_state.In("sock"), 0) { LongestAnswer = answer.Length, Timeout = TimeSpan.FromMinutes(1) });
        Assert.Null(small.Find(Id, default));
        Assert.NotNull(exact.Find(Id, default));
    }

    [RootFact]
    public void Silent_engine_ends_the_wait_by_itself_and_by_the_caller()
    {
        using SocketServer server = Serve(_ => null);
        using EngineRuntime patient = Open("docker");
        using var canceled = new CancellationTokenSource(50);
        Assert.ThrowsAny<OperationCanceledException>(() => patient.Find(Id, canceled.Token));
        using var brief = new EngineRuntime("docker", new RuntimeSocket(_state.In("sock"), 0) { Timeout = TimeSpan.FromMilliseconds(50) });
        Assert.Null(brief.Find(Id, default));
    }

    [RootFact]
    public void Engine_that_restarts_answers_again()
    {
        using EngineRuntime docker = Open("docker");
        Assert.Null(docker.Find(Id, default));
        for (int i = 0; i < 2; i++)
        {
            using (SocketServer server = Serve(Docker))
            {
                Assert.NotNull(docker.Find(Id, default));
            }

            // The socket stays, but no process listens on it.
            Assert.Null(docker.Find(Id, default));
            File.Delete(_state.In("sock"));
            Assert.Null(docker.Find(Id, default));
        }
    }

    [RootFact]
    public void Socket_that_another_user_made_or_could_replace_is_not_used()
    {
        using SocketServer server = Serve(Docker);
        using EngineRuntime docker = Open("docker"), bobs = Open("docker", TemporaryState.Bob);
        Assert.NotNull(docker.Find(Id, default));
        TemporaryState.Give(_state.In("sock"), TemporaryState.Bob);
        Assert.Null(docker.Find(Id, default));
        Assert.Equal(TemporaryState.Bob, bobs.Find(Id, default)?.UserId);
        TemporaryState.Give(_state.In("sock"), 0);
        File.SetUnixFileMode(_state.Path, File.GetUnixFileMode(_state.Path) | UnixFileMode.OtherWrite);
        Assert.Null(docker.Find(Id, default));
    }

    private static byte[] Docker(string request) => SocketServer.Http(TemporaryState.Recorded(request.StartsWith("GET /containers/json", StringComparison.Ordinal) ? "podman-docker-list.json" : "podman-docker-inspect.json"));
}
