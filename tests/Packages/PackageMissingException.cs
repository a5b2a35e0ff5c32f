namespace Bee.Packages;

/// <summary>A package of Debian cannot be had; the message is the reason to skip with.</summary>
internal sealed class PackageMissingException(string message) : Exception(message);
