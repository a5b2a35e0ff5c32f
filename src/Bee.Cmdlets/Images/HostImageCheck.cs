using System.Collections.ObjectModel;
using Bee.Ebpf.Checks;

namespace Bee.Cmdlets.Images;

/// <summary>Whether a host can run an image: one row of the matrix of Test-BeeImage -HostName. A property with the name of a check is its worst result, or null if the check does not apply.</summary>
public sealed class HostImageCheck
{
    private readonly Dictionary<string, CheckState> _states;

    internal HostImageCheck(string hostName, string image, IReadOnlyList<CheckResult> results)
    {
        HostName = hostName;
        Image = image;
        Results = new Counted([.. results]);
        _states = results.GroupBy(result => result.Name).ToDictionary(group => group.Key, group => Worst(group.Select(result => result.State)));
    }

    /// <summary>The host as the user gave it.</summary>
    public string HostName { get; }

    /// <summary>The image's reference, or the file's path.</summary>
    public string Image { get; }

    /// <summary>The release of the host's kernel; null if the host was not reached.</summary>
    public string? Kernel { get; init; }

    /// <summary>The host's platform, such as linux/amd64; null if the host was not reached.</summary>
    public string? Architecture { get; init; }

    /// <summary>The worst result: Failed, Warning, Unknown or Ok.</summary>
    public CheckState State => Worst(Results.Select(result => result.State));

    /// <summary>Whether the host was reached and answered.</summary>
    public CheckState? Connection => Of(ConnectionCheck);

    /// <summary>Whether the kernel is new enough.</summary>
    public CheckState? KernelVersion => Of(nameof(KernelVersion));

    /// <summary>Whether the kernel has BTF.</summary>
    public CheckState? KernelBtf => Of(nameof(KernelBtf));

    /// <summary>Whether the user on the host has the capabilities that the tool needs.</summary>
    public CheckState? Rights => Of(nameof(Rights));

    /// <summary>Whether the host has libbpf.</summary>
    public CheckState? Libbpf => Of(nameof(Libbpf));

    /// <summary>Whether the image's blobs match their digests.</summary>
    public CheckState? Digests => Of(nameof(Digests));

    /// <summary>Whether the image was built for the host's architecture.</summary>
    public CheckState? Platform => Of(nameof(Platform));

    /// <summary>Whether the image is trusted; null if no policy and no key requires it.</summary>
    public CheckState? Signature => Of(nameof(Signature));

    /// <summary>Whether the object is valid.</summary>
    public CheckState? Object => Of(nameof(Object));

    /// <summary>Whether the image's metadata matches the object.</summary>
    public CheckState? Config => Of(nameof(Config));

    /// <summary>Whether the kernel supports the types of the programs.</summary>
    public CheckState? ProgramTypes => Of(nameof(ProgramTypes));

    /// <summary>Whether the kernel supports the types of the maps.</summary>
    public CheckState? MapTypes => Of(nameof(MapTypes));

    /// <summary>Whether the attach targets exist.</summary>
    public CheckState? AttachTargets => Of(nameof(AttachTargets));

    /// <summary>Whether the kernel's structs and enums have what the programs read.</summary>
    public CheckState? Relocations => Of(nameof(Relocations));

    /// <summary>Whether the kernel has the called helpers.</summary>
    public CheckState? Helpers => Of(nameof(Helpers));

    /// <summary>Whether the license permits the helpers.</summary>
    public CheckState? License => Of(nameof(License));

    /// <summary>Whether the kernel functions exist.</summary>
    public CheckState? KernelFunctions => Of(nameof(KernelFunctions));

    /// <summary>Whether the kernel variables exist.</summary>
    public CheckState? KernelVariables => Of(nameof(KernelVariables));

    /// <summary>Whether the kernel's configuration states the options that the programs read.</summary>
    public CheckState? KernelSettings => Of(nameof(KernelSettings));

    /// <summary>Whether each map has a number of entries.</summary>
    public CheckState? MapSizes => Of(nameof(MapSizes));

    /// <summary>Whether the maps fit the machine's memory.</summary>
    public CheckState? Memory => Of(nameof(Memory));

    /// <summary>The findings that are not Ok, as sentences, the failed ones first; empty if all checks passed.</summary>
    public string Message => string.Join(Environment.NewLine, Results.Where(result => Rank(result.State) > 0).OrderByDescending(result => Rank(result.State)).Select(result => $"{result.Name}: {result.Message}"));

    /// <summary>All results, which Test-BeeImage returns on the host itself, after those of the host.</summary>
    public IReadOnlyList<CheckResult> Results { get; }

    /// <summary>The name of the check whether the host was reached.</summary>
    internal const string ConnectionCheck = nameof(Connection);

    /// <inheritdoc/>
    public override string ToString() => $"{HostName}: {State}";

    // A CSV file has the text of the list.
    private sealed class Counted(CheckResult[] results) : ReadOnlyCollection<CheckResult>(results)
    {
        public override string ToString() => string.Join(", ", this.GroupBy(result => result.State).OrderByDescending(group => Rank(group.Key)).Select(group => $"{group.Count()} {group.Key}"));
    }

    private CheckState? Of(string name) => _states.TryGetValue(name, out CheckState state) ? state : null;

    private static CheckState Worst(IEnumerable<CheckState> states) => states.DefaultIfEmpty(CheckState.Unknown).MaxBy(Rank);

    private static int Rank(CheckState state) => state switch
    {
        CheckState.Failed => 3,
        CheckState.Warning => 2,
        CheckState.Unknown => 1,
        _ => 0,
    };
}
