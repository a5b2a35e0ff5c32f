using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Bee;

/// <summary>Hides the container runtimes of this machine from the tests, which would otherwise see further columns and labels.</summary>
internal static class ContainerRuntimes
{
    private const string Setting = "BEE_CONTAINER_RUNTIME";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "A test assembly is run like an application.")]
    internal static void Hide() => Environment.SetEnvironmentVariable(Setting, Environment.GetEnvironmentVariable(Setting) ?? "none");
}
