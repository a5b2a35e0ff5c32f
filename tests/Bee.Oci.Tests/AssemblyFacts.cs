using System.Runtime.Versioning;

// Stores are directories with Linux's locks and owners.
[assembly: SupportedOSPlatform("linux")]
