using System.Collections.Concurrent;
using System.Text;

namespace Bee.Registries;

/// <summary>
/// An in-memory registry (OCI Distribution Specification 1.1) with the referrers API. Tests inject faults (<see cref="Inject"/>), which replace, change, cut or
/// delay the responses of any stage.
/// </summary>
public sealed class FaultyRegistry : IDisposable
{
    private readonly HttpServer _server;
    private readonly FaultyRegistryOptions _options;
    private readonly MemoryRegistry _content;
    private readonly List<Injection> _injections = [];

    /// <summary>Starts a registry without faults.</summary>
    /// <param name="options">The options; null for the behavior of most registries.</param>
    public FaultyRegistry(FaultyRegistryOptions? options = null)
    {
        _options = options ?? new FaultyRegistryOptions();
        _content = new MemoryRegistry(_options);
        _server = new HttpServer(AnswerAsync, _options.Authority, _options.Address);
    }

    /// <summary>Host and port, <c>127.0.0.1:41234</c>.</summary>
    public string Host => _server.Host;

    /// <summary>The URL, with <c>http</c> or <c>https</c>.</summary>
    public Uri Address => _server.Address;

    /// <summary>The requests so far, in order of arrival.</summary>
    public ConcurrentQueue<FaultyRequest> Requests { get; } = new();

    /// <summary>Returns the content of a repository, which the first call creates.</summary>
    public MemoryRepository Repository(string name) => _content.Repository(name);

    /// <summary>Returns the number of requests of a stage so far.</summary>
    public int Count(Stage stage) => Requests.Count(request => request.Stage == stage);

    /// <summary>Makes requests of a stage fail, until <see cref="Heal"/> is called.</summary>
    /// <param name="stage">The stage of the requests.</param>
    /// <param name="fault">The fault, such as one of <see cref="Faults"/>.</param>
    /// <param name="times">The number of requests that fail; later ones succeed.</param>
    /// <param name="skip">The number of requests that succeed first.</param>
    /// <returns>Counts how often the fault occurred.</returns>
    public Injection Inject(Stage stage, Fault fault, int times = int.MaxValue, int skip = 0)
    {
        var injection = new Injection(stage, fault, times, skip);
        lock (_injections)
        {
            _injections.Add(injection);
        }

        return injection;
    }

    /// <summary>Removes all faults.</summary>
    public void Heal()
    {
        lock (_injections)
        {
            _injections.Clear();
        }
    }

    /// <summary>Stops the registry and closes all connections.</summary>
    public void Dispose() => _server.Dispose();

    private async Task AnswerAsync(HttpExchange exchange)
    {
        var route = RegistryRoute.Of(exchange);
        Requests.Enqueue(new FaultyRequest(route.Stage, exchange.Method, exchange.Target, exchange.Headers));
        Injection? injection;
        lock (_injections)
        {
            injection = _injections.FirstOrDefault(candidate => candidate.Takes(route.Stage));
        }

        async Task<HttpAnswer> Serve() => Challenge(exchange, route) ?? await _content.ServeAsync(exchange, route);
        if (injection is null)
        {
            await exchange.SendAsync(await Serve());
        }
        else
        {
            await injection.Fault(exchange, Serve);
        }
    }

    private HttpAnswer? Challenge(HttpExchange exchange, RegistryRoute route)
    {
        string[] given = (exchange.Header("Authorization") ?? "").Split(' ', 2);
        if (_options.Users is { } users)
        {
            string[] pair = given is ["Basic", var text] ? Encoding.UTF8.GetString(Convert.FromBase64String(text)).Split(':', 2) : [""];
            return pair.Length == 2 && users.TryGetValue(pair[0], out string? password) && password == pair[1] ? null : Refuse("Basic realm=\"tests\"");
        }

        if (_options.Tokens is { } tokens)
        {
            (string? type, string? name, string? action) = route.Needs;
            return given is ["Bearer", var token] && tokens.Allows(token, type, name, action)
                ? null
                : Refuse(tokens.Challenge(type is null ? null : $"{type}:{name}:{(action == "push" ? "pull,push" : action)}"));
        }

        return null;
    }

    private static HttpAnswer Refuse(string challenge) => MemoryRegistry.Error(401, "UNAUTHORIZED", "authentication required").With("WWW-Authenticate", challenge);
}

/// <summary>Replaces or changes the response to a request.</summary>
/// <param name="exchange">The request.</param>
/// <param name="serve">Processes the request and returns the right response.</param>
public delegate Task Fault(HttpExchange exchange, Func<Task<HttpAnswer>> serve);

/// <summary>A received request.</summary>
/// <param name="Stage">The purpose.</param>
/// <param name="Method">GET, PUT …</param>
/// <param name="Target">The path and query as sent.</param>
/// <param name="Headers">The headers.</param>
public sealed record FaultyRequest(Stage Stage, string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Method} {Target}";
}

/// <summary>A fault of <see cref="FaultyRegistry.Inject"/>.</summary>
public sealed class Injection
{
    private readonly Stage _stage;
    private readonly int _times;
    private int _skip;
    private int _hits;

    internal Injection(Stage stage, Fault fault, int times, int skip) => (_stage, Fault, _times, _skip) = (stage, fault, times, skip);

    /// <summary>The number of requests that the fault affected.</summary>
    public int Hits => Volatile.Read(ref _hits);

    internal Fault Fault { get; }

    // Not thread-safe: the registry calls this under its lock.
    internal bool Takes(Stage stage)
    {
        if (stage != _stage || _hits >= _times || _skip-- > 0)
        {
            return false;
        }

        _hits++;
        return true;
    }
}
