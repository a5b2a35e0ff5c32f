using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Ebpf.Checks;

namespace Bee.Cmdlets.Hosts;

/// <summary>Checks whether this machine and this user can build and run programs.</summary>
[Cmdlet(VerbsDiagnostic.Test, "BeeHost")]
[OutputType(typeof(CheckResult))]
public sealed class TestHostCommand : BeeCmdlet
{
    /// <summary>Names of checks; wildcards are allowed. By default all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(HostCheckCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var patterns = Name.Select(name => new WildcardPattern(name, WildcardOptions.IgnoreCase)).ToArray();
        foreach (string wanted in Name)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(wanted) && !HostChecks.All.Any(check => check.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase)))
            {
                WriteError(new BeeInputException("CheckNotFound", $"There is no check '{wanted}'. The checks are: {string.Join(", ", HostChecks.All.Select(check => check.Name))}."), wanted);
            }
        }

        foreach ((string name, Func<CancellationToken, CheckResult> check) in HostChecks.All)
        {
            if (Array.Exists(patterns, pattern => pattern.IsMatch(name)))
            {
                WriteObject(HostChecks.Run(name, check, Stop));
            }
        }
    }
}

/// <summary>Offers the checks of Test-BeeHost.</summary>
public sealed class HostCheckCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => HostChecks.All.Select(check => new Candidate(check.Name, $"check {check.Name}"));
}
