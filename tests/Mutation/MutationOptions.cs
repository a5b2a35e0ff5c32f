namespace Bee.Mutation;

/// <summary>The number and the seed of damaged documents in a run.</summary>
internal static class MutationOptions
{
    /// <summary>The number: BEE_MUTATIONS, or else 100,000 in a full run and 5,000 in a quick one.</summary>
    public static long Count => long.TryParse(Environment.GetEnvironmentVariable("BEE_MUTATIONS"), out var asked) ? asked : FullRun.Times(5_000, 100_000);

    /// <summary>The seed: BEE_MUTATION_SEED, or else a random one.</summary>
    public static ulong Seed => ulong.TryParse(Environment.GetEnvironmentVariable("BEE_MUTATION_SEED"), out var chosen) ? chosen : (ulong)Random.Shared.NextInt64();
}
