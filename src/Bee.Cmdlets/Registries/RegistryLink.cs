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

/// <summary>How registries are spoken to, beside what is set for them on this machine.</summary>
internal sealed record RegistryLinkOptions
{
    /// <summary>Whether plain http is spoken to any host.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Returns the absolute path of a PEM file with further certificate authorities; null without one.</summary>
    public Func<string>? CACertificate { get; init; }

    /// <summary>Whether any certificate is taken.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>How many seconds a registry may take to begin an answer; 0 for ever, null for the default.</summary>
    public int? ConnectionTimeoutSeconds { get; init; }

    /// <summary>How many seconds a transfer may stand still; 0 for ever, null for the default.</summary>
    public int? OperationTimeoutSeconds { get; init; }
}

/// <summary>The connections of one cmdlet to registries.</summary>
/// <param name="streams">Where notes and progress are written.</param>
/// <param name="given">How registries are spoken to.</param>
internal sealed class RegistryLink(ICmdletStreams streams, RegistryLinkOptions given) : PipelineWait(streams), IDisposable
{
    private readonly Dictionary<string, IRegistry> _registries = new(StringComparer.OrdinalIgnoreCase);
    private DockerConfig? _logins;
    private RegistrySettings? _settings;

    /// <summary>What is set for registries on this machine.</summary>
    /// <exception cref="SettingsException">A file of settings is not what it should be.</exception>
    public RegistrySettings Settings => _settings ??= RegistrySettings.Load();

    /// <summary>The logins that are kept on this machine.</summary>
    /// <exception cref="RegistryException">There is no home directory.</exception>
    public DockerConfig Logins => _logins ??= DockerConfig.Load(Note, Timeout(given.ConnectionTimeoutSeconds));

    /// <summary>The registry of a host: one for the cmdlet's whole life, so that a token is asked for once. Nothing is asked yet.</summary>
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

    /// <summary>Warns that a registry's certificate is not checked, where that was asked for.</summary>
    /// <param name="host">Host and port.</param>
    public void WarnOfSkippedCheck(string host)
    {
        if (given.SkipCertificateCheck)
        {
            Streams.WriteWarning($"The certificate of {host} is not checked: everyone on the way there can read and change what is sent, the password too.");
        }
    }

    /// <summary>The reference, with the default registry where it names none and one is set.</summary>
    public ImageReference Complete(ImageReference reference) => Settings.Complete(reference);

    /// <summary>What a person looks for, in the default registry where none is named and one is set.</summary>
    public RemotePattern Pattern(string text) => RemotePattern.Parse(text) is { Registry: null } && Settings.Default is { } first
        ? RemotePattern.Parse($"{first}/{text}")
        : RemotePattern.Parse(text);

    /// <summary>The repository that a reference names. Nothing is asked yet.</summary>
    /// <param name="reference">The reference.</param>
    /// <exception cref="BeeInputException">The reference names no registry.</exception>
    public IRepository Repository(ImageReference reference)
        => Connect((reference.Registry is null ? throw NoRegistry(reference.ToString()) : reference).Registry!).Repository(reference.Repository);

    /// <summary>The same for reading, from its mirrors first. Nothing is asked yet.</summary>
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

    /// <summary>The error for a name of the local store where one of a registry is needed.</summary>
    public static BeeInputException NoRegistry(string reference)
        // The grammar of references reads ghcr.io and localhost:5000, alone, as repositories.
        => RemotePattern.IsRegistry(reference.EndsWith(":latest", StringComparison.Ordinal) ? reference[..^":latest".Length] : reference)
            ? new("NoRegistry", $"'{reference}' names no repository of a registry.", "Write both, with a slash between: ghcr.io/me/opensnoop:v1.")
            : new("NoRegistry", $"'{reference}' names no registry.", $"Put the registry's host before it: ghcr.io/me/{ImageNames.ShortName(reference)}:v1. Or set a default registry, by BEE_REGISTRY or in {RegistrySettings.SystemPath}.");

    /// <summary>How a registry is spoken to, as the parameters and the settings say.</summary>
    /// <param name="host">Host and port.</param>
    /// <param name="credentials">Where credentials come from; null for none.</param>
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

    /// <summary>How images are moved.</summary>
    /// <param name="progress">What counts how far it is.</param>
    public TransferOptions Transfer(TransferProgress progress) => new() { Progress = progress, Note = Note };

    /// <summary>What a registry lists, one by one as its pages come: whoever has had enough asks for no further page.</summary>
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
                // Within a page the next one is there at once.
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
            // One that was left in the middle of a request ends by itself; it must not be disposed before.
            if (next is null || next.IsCompleted)
            {
                items.DisposeAsync().AsTask().Wait(s_farewell, CancellationToken.None);
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
