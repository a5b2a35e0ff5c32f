global using Bee.Tests;
global using Xunit;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// More than there are processors: attaching and detaching wait for the kernel's RCU grace periods.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
