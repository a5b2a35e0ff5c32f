namespace Bee.Toolchain.Tests;

/// <summary>Tests that change this process's environment, or observe this process: no other test runs at the same time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    internal const string Name = "alone";
}
