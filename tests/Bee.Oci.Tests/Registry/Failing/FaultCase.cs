using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>A fault of the registry and its expected result.</summary>
/// <param name="Stage">The stage of the requests that fail.</param>
/// <param name="Fault">The fault.</param>
/// <param name="Expected">The reported fault; null if the client recovers.</param>
/// <param name="Times">The number of requests that fail.</param>
/// <param name="Also">A second stage whose requests fail.</param>
internal sealed record FaultCase(Stage Stage, Fault Fault, RegistryFault? Expected, int Times = int.MaxValue, Stage? Also = null)
{
    // Much longer than any timeout of the client, so only a hang exceeds it.
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(1);

    // The timeout in seconds of tests that expect none.
    private const double Patient = 20;

    /// <summary>Options with short backoff, and with timeouts that a slow machine does not exceed.</summary>
    public static RegistryOptions Quick { get; } = Options(Patient);

    /// <summary>Runs an operation during the fault, and asserts that it recovers or reports the expected fault.</summary>
    /// <returns>Whether the fault was reported.</returns>
    public async Task<bool> ExpectAsync(FaultyRegistry registry, string repository, Func<IRepository, Task> work)
    {
        Injection injection = registry.Inject(Stage, Fault, Times);
        if (Also is { } also)
        {
            registry.Inject(also, Fault, Times);
        }

        // An expected timeout is short. If a slow machine exceeds it elsewhere, the next attempt uses a longer one.
        Exception? error = null;
        foreach (double patience in Expected == RegistryFault.TimedOut ? [0.5, 5, Patient] : new[] { Patient })
        {
            using var client = new RemoteRegistry(registry.Host, Options(patience));
            error = await Record.ExceptionAsync(() => work(client.Repository(repository)).WaitAsync(s_hang));
            if (injection.Hits > 0)
            {
                break;
            }
        }

        Assert.True(error is null or RegistryException, $"Not a RegistryException: {error}");
        Assert.True(injection.Hits > 0, $"The fault did not happen: {error}");
        Assert.True(Expected == (error as RegistryException)?.Fault, $"Not {Expected?.ToString() ?? "got over"}, but {(error as RegistryException)?.Fault}: {error?.Message}");
        return error is not null;
    }

    /// <summary>Asserts that the operation succeeds when the registry works again.</summary>
    public static async Task AgainAsync(FaultyRegistry registry, string repository, Func<IRepository, Task> work)
    {
        registry.Heal();
        using var client = new RemoteRegistry(registry.Host, Quick);
        await work(client.Repository(repository)).WaitAsync(s_hang);
    }

    private static RegistryOptions Options(double patience) => new()
    {
        HeaderTimeout = TimeSpan.FromSeconds(patience),
        IdleTimeout = TimeSpan.FromSeconds(patience),
        Retries = 3,
        LongestPause = TimeSpan.FromMilliseconds(10),
        ChunkLength = FaultyImage.Chunk,
    };
}
