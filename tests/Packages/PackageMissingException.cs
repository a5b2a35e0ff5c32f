namespace Bee.Packages;

/// <summary>A Debian package is not available. The message is the reason to skip a test.</summary>
internal sealed class PackageMissingException(string message) : Exception(message);
