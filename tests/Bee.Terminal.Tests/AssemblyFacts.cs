global using Bee.Tests;
global using Xunit;

// Terminals and signals.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
