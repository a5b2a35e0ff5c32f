using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Client;
using Bee.Oci.Registry.Settings;
using Bee.Oci.Repositories;
using Bee.Oci.Transfer;

namespace Bee.Cmdlets.Registries;

/// <summary>The options for registries from a cmdlet's parameters. They override the settings of this machine.</summary>
internal sealed record RegistryLinkOptions
{
    /// <summary>Whether plain http is used for all hosts.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Returns the absolute path of a PEM file with additional certificate authorities, or null.</summary>
    public Func<string>? CACertificate { get; init; }

    /// <summary>Whether any certificate is accepted.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>The timeout in seconds until a response begins; 0 for none, null for the default.</summary>
    public int? ConnectionTimeoutSeconds { get; init; }

    /// <summary>The timeout in seconds for a stalled transfer; 0 for none, null for the default.</summary>
    public int? OperationTimeoutSeconds { get; init; }
}

/// <summary>The connections of one cmdlet to registries.</summary>
/// <param name="streams">Receives notes and progress.</param>
/// <param name="given">The options.</param>
internal sealed class RegistryLink(ICmdletStreams streams, RegistryLinkOptions given) : PipelineWait(streams), IDisposable
{
    private readonly Dictionary<string, IRegistry> _registries = new(StringComparer.OrdinalIgnoreCase);
    private DockerConfig? _logins;
    private RegistrySettings? _settings;

    /// <summary>The settings for registries on this machine.</summary>
    /// <exception cref="SettingsException">A settings file is invalid.</exception>
    public RegistrySettings Settings => _settings ??= RegistrySettings.Load();

    /// <summary>The saved logins on this machine.</summary>
    /// <exception cref="RegistryException">The user has no home directory.</exception>
    public DockerConfig Logins => _logins ??= DockerConfig.Load(Note, Timeout(given.ConnectionTimeoutSeconds));

    /// <summary>Returns the registry of a host. It is cached for the lifetime of the cmdlet, so that a token is requested once. Sends no request.</summary>
    /// <param name="host">Host and port.</param>
    public IRegistry Connect(string host)
    {
        if (!_registries.TryGetValue(host, out IRegistry? registry))
        {
            WarnOfSkippedCheck(host);
            registry = new RemoteRegistry(host, Options(host, Logins));
            _registries.Add(host, registry);
        }

        return registry;
    }

    /// <summary>Warns that a registry's certificate is not verified, if the user requested that.</summary>
    /// <param name="host">Host and port.</param>
    public void WarnOfSkippedCheck(string host)
    {
        if (given.SkipCertificateCheck)
        {
            Streams.WriteWarning($"The certificate of {host} is not verified: anyone on the network path can read and change the traffic, including passwords.");
        }
    }

    /// <summary>Adds the default registry to a reference without a registry, if a default is set.</summary>
    public ImageReference Complete(ImageReference reference) => Settings.Complete(reference);

    /// <summary>Parses a pattern, and adds the default registry if it has none and a default is set.</summary>
    public RemotePattern Pattern(string text) => RemotePattern.Parse(text) is { Registry: null } && Settings.Default is { } first
        ? RemotePattern.Parse($"{first}/{text}")
        : RemotePattern.Parse(text);

    /// <summary>Returns the repository of a reference. Sends no request.</summary>
    /// <param name="reference">The reference.</param>
    /// <exception cref="BeeInputException">The reference names no registry.</exception>
    public IRepository Repository(ImageReference reference)
        => Connect((reference.Registry is null ? throw NoRegistry(reference.ToString()) : reference).Registry!).Repository(reference.Repository);

    /// <summary>Returns the repository of a reference for reading, which tries mirrors first. Sends no request.</summary>
    /// <param name="reference">The reference.</param>
    /// <exception cref="BeeInputException">The reference names no registry.</exception>
    public IReadOnlyRepository Source(ImageReference reference)
    {
        IRepository own = Repository(reference);
        IReadOnlyList<string> mirrors = Settings.Registries.GetValueOrDefault(reference.Registry!)?.Mirrors ?? [];
        return mirrors.Count == 0
            ? own
            : new MirroredRepository(own.Name, [.. mirrors.Select(mirror => Repository(ImageReference.Parse($"{mirror}/{reference.Repository}"))), own], Note);
    }

    /// <summary>Creates the error for a local name in place of a registry's.</summary>
    public static BeeInputException NoRegistry(string reference)
        // The grammar of references parses ghcr.io or localhost:5000 alone as a repository.
        => RemotePattern.IsRegistry(reference.EndsWith(":latest", StringComparison.Ordinal) ? reference[..^":latest".Length] : reference)
            ? new("NoRegistry", $"'{reference}' is a registry without a repository.", "Add the repository after a slash: ghcr.io/me/opensnoop:v1.")
            : new("NoRegistry", $"'{reference}' has no registry.", $"Prefix it with the registry's host: ghcr.io/me/{ImageNames.ShortName(reference)}:v1. Or set a default registry with BEE_REGISTRY or in {RegistrySettings.SystemPath}.");

    /// <summary>Returns the options for a registry from the parameters and the settings.</summary>
    /// <param name="host">Host and port.</param>
    /// <param name="credentials">The source of credentials; null for none.</param>
    public RegistryOptions Options(string host, ICredentialSource? credentials)
    {
        RegistryHost? set = Settings.Registries.GetValueOrDefault(host);
        var options = new RegistryOptions
        {
            PlainHttp = given.PlainHttp || set is { PlainHttp: true },
            CACertificate = given.CACertificate is { } file ? file() : set?.CACertificate,
            SkipCertificateCheck = given.SkipCertificateCheck,
            Credentials = credentials,
            Note = Note,
        };
        return options with
        {
            HeaderTimeout = Timeout(given.ConnectionTimeoutSeconds) ?? options.HeaderTimeout,
            IdleTimeout = Timeout(given.OperationTimeoutSeconds) ?? options.IdleTimeout,
        };
    }

    /// <summary>Returns the options of a transfer.</summary>
    /// <param name="progress">The counters of the transfer.</param>
    public TransferOptions Transfer(TransferProgress progress) => new() { Progress = progress, Note = Note };

    /// <summary>Enumerates a paged list of a registry. A page is requested only when an item of it is needed.</summary>
    /// <param name="list">The list.</param>
    public IEnumerable<string> Each(Func<CancellationToken, IAsyncEnumerable<string>> list)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Streams.Stop);
        IAsyncEnumerator<string> items = list(cancel.Token).GetAsyncEnumerator(cancel.Token);
        Task<bool>? next = null;
        try
        {
            do
            {
                // Items of the current page are available without waiting.
                next = items.MoveNextAsync().AsTask();
                if (!next.IsCompleted)
                {
                    Wait(_ => next);
                }

                if (next.GetAwaiter().GetResult())
                {
                    yield return items.Current;
                }
            }
            while (next.Result);
        }
        finally
        {
            cancel.Cancel();
            // An enumerator with a pending request ends by itself. It must not be disposed before that.
            if (next is null || next.IsCompleted)
            {
                items.DisposeAsync().AsTask().Wait(s_cleanupTimeout, CancellationToken.None);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IRegistry registry in _registries.Values)
        {
            registry.Dispose();
        }

        _registries.Clear();
    }

    private static TimeSpan? Timeout(int? seconds) => seconds switch
    {
        null => null,
        0 => System.Threading.Timeout.InfiniteTimeSpan,
        { } some => TimeSpan.FromSeconds(some),
    };
}
