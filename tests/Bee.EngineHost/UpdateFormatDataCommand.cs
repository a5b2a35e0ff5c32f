using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace Bee.EngineHost;

/// <summary>
/// A bare <c>Update-FormatData</c>: reads the runspace's list of format entries again, as the command of Microsoft.PowerShell.Utility does
/// when it is given no path. The engine's own entry to that is internal, hence the reflection, which stays in this host.
/// </summary>
[Cmdlet(VerbsData.Update, "FormatData")]
public sealed class UpdateFormatDataCommand : PSCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic;
        object context = typeof(PSCmdlet).GetProperty("Context", Internal)?.GetValue(this)
            ?? throw new PSNotSupportedException("This engine keeps its context elsewhere.");
        InitialSessionState state = Runspace.DefaultRunspace.InitialSessionState;
        MethodInfo update = typeof(InitialSessionState).GetMethod("UpdateFormats", Internal, [context.GetType(), typeof(bool)])
            ?? throw new PSNotSupportedException("This engine updates its formats elsewhere.");
        try
        {
            update.Invoke(state, [context, false]);
        }
        catch (TargetInvocationException error) when (error.InnerException is RuntimeException inner)
        {
            ThrowTerminatingError(new ErrorRecord(inner, "FormatsNotUpdated", ErrorCategory.InvalidData, null));
        }
    }
}
