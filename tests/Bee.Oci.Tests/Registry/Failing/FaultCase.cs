using Bee.Oci.Registry;
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
    /// <summary>How the client speaks: short timeouts where one is waited for, and where none is such that a slow machine meets none.</summary>
    public RegistryOptions Options
    {
        get
        {
            TimeSpan patience = TimeSpan.FromSeconds(Expected == RegistryFault.TimedOut ? 0.5 : 20);
            return new RegistryOptions
            {
                HeaderTimeout = patience,
                IdleTimeout = patience,
                Retries = 3,
                LongestPause = TimeSpan.FromMilliseconds(10),
                ChunkLength = FaultyImage.Chunk,
            };
        }
    }
}
