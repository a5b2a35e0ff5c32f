using System.Management.Automation;

namespace Bee.Bench.Empty;

/// <summary>Does nothing: importing its module costs what any binary module costs.</summary>
[Cmdlet(VerbsCommon.Get, "Nothing")]
public sealed class GetNothingCommand : Cmdlet
{
}
