using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>A fault of the registry and what is to come of it.</summary>
/// <param name="Stage">Which requests fail.</param>
/// <param name="Fault">How.</param>
/// <param name="Expected">The fault that is reported; null where it is got over.</param>
/// <param name="Times">How many of the requests.</param>
/// <param name="Also">A second kind of requests that fail.</param>
internal sealed record FaultCase(Stage Stage, Fault Fault, RegistryFault? Expected, int Times = int.MaxValue, Stage? Also = null)
{
    // Far more than any timeout of the client: only a hang gets here.
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(1);

    // In seconds.
    private const double Patient = 20;

    /// <summary>How the client speaks: tries again soon, and meets no timeout on a slow machine.</summary>
    public static RegistryOptions Quick { get; } = Options(Patient);

    /// <summary>Lets the fault happen to some work, which gets over it or reports it as it should.</summary>
    /// <returns>Whether it was reported.</returns>
    public async Task<bool> ExpectAsync(FaultyRegistry registry, string repository, Func<IRepository, Task> work)
    {
        Injection injection = registry.Inject(Stage, Fault, Times);
        if (Also is { } also)
        {
            registry.Inject(also, Fault, Times);
        }

        // Where a timeout is waited for it is short, and where the machine is so slow that something else meets it, longer the next time.
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

    /// <summary>The work succeeds when the registry works again.</summary>
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
