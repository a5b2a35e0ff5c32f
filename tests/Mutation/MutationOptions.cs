namespace Bee.Mutation;

/// <summary>How many damaged documents a run makes, and which.</summary>
internal static class MutationOptions
{
    /// <summary>BEE_MUTATIONS; otherwise 100,000 in a full run, and 5,000 without.</summary>
    public static long Count => long.TryParse(Environment.GetEnvironmentVariable("BEE_MUTATIONS"), out var asked) ? asked : FullRun.Times(5_000, 100_000);

    /// <summary>BEE_MUTATION_SEED; otherwise a new seed.</summary>
    public static ulong Seed => ulong.TryParse(Environment.GetEnvironmentVariable("BEE_MUTATION_SEED"), out var chosen) ? chosen : (ulong)Random.Shared.NextInt64();
}
