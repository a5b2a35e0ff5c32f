using System.Runtime.Versioning;

// Files with owners, modes and locks.
[assembly: SupportedOSPlatform("linux")]
