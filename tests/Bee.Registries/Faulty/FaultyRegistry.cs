using System.Collections.Concurrent;
using System.Text;

namespace Bee.Registries;

/// <summary>
/// A registry of OCI's Distribution Specification 1.1 in the memory of the tests, with the referrers API, that fails where it is told to: an answer
/// of any stage can be replaced, changed, cut or held back (<see cref="Inject"/>).
/// </summary>
public sealed class FaultyRegistry : IDisposable
{
    private readonly HttpServer _server;
    private readonly FaultyRegistryOptions _options;
    private readonly MemoryRegistry _content;
    private readonly List<Injection> _injections = [];

    /// <summary>Starts one that works.</summary>
    /// <param name="options">How it speaks; null for what most registries do.</param>
    public FaultyRegistry(FaultyRegistryOptions? options = null)
    {
        _options = options ?? new FaultyRegistryOptions();
        _content = new MemoryRegistry(_options);
        _server = new HttpServer(AnswerAsync, _options.Authority, _options.Address);
    }

    /// <summary>Host and port, <c>127.0.0.1:41234</c>.</summary>
    public string Host => _server.Host;

    /// <summary>Its address, with <c>http</c> or <c>https</c>.</summary>
    public Uri Address => _server.Address;

    /// <summary>The requests so far, in the order in which they came.</summary>
    public ConcurrentQueue<FaultyRequest> Requests { get; } = new();

    /// <summary>The content of a repository, which is there from the first time that it is asked for.</summary>
    public MemoryRepository Repository(string name) => _content.Repository(name);

    /// <summary>How many requests of a stage came so far.</summary>
    public int Count(Stage stage) => Requests.Count(request => request.Stage == stage);

    /// <summary>Lets requests of a stage fail, until it is told otherwise.</summary>
    /// <param name="stage">Which requests.</param>
    /// <param name="fault">What happens, one of <see cref="Fault"/>.</param>
    /// <param name="times">How many of them; the others are served.</param>
    /// <param name="skip">How many are served before.</param>
    /// <returns>Tells how often it happened.</returns>
    public Injection Inject(Stage stage, Fault fault, int times = int.MaxValue, int skip = 0)
    {
        var injection = new Injection(stage, fault, times, skip);
        lock (_injections)
        {
            _injections.Add(injection);
        }

        return injection;
    }

    /// <summary>Lets it work again.</summary>
    public void Heal()
    {
        lock (_injections)
        {
            _injections.Clear();
        }
    }

    /// <summary>Ends it, with all connections.</summary>
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

/// <summary>What happens instead of an answer, or to it.</summary>
/// <param name="exchange">The request.</param>
/// <param name="serve">What the registry would do, and its answer.</param>
public delegate Task Fault(HttpExchange exchange, Func<Task<HttpAnswer>> serve);

/// <summary>A request that came.</summary>
/// <param name="Stage">What it was for.</param>
/// <param name="Method">GET, PUT …</param>
/// <param name="Target">Path and query as they were sent.</param>
/// <param name="Headers">Its headers.</param>
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

    /// <summary>How often it happened.</summary>
    public int Hits => Volatile.Read(ref _hits);

    internal Fault Fault { get; }

    // Called by one at a time.
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
