using System.Runtime.Versioning;

// Stores use file locks and owners of Linux.
[assembly: SupportedOSPlatform("linux")]

// More threads than processors, because many tests wait for the disk, a registry or another process.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
