using System.Runtime.Versioning;

// Stores are directories with Linux's locks and owners.
[assembly: SupportedOSPlatform("linux")]

// More than there are processors: many tests wait for the disk, a registry or another program.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
