using System.Globalization;
using System.Management.Automation.Host;

namespace Bee.EngineHost;

/// <summary>The least host the engine needs: a user interface, a name, and the number given to <c>exit</c>.</summary>
internal sealed class EngineHost(ConsoleUserInterface ui) : PSHost
{
    /// <summary>The number that a script gave to <c>exit</c>; null when it gave none.</summary>
    public int? ExitCode { get; set; }

    public override string Name => "bee-host";

    public override Version Version { get; } = new(1, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => ui;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException("bee-host has no nested prompt.");

    public override void ExitNestedPrompt() => throw new NotSupportedException("bee-host has no nested prompt.");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
