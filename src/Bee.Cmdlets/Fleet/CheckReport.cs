using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Ebpf.Checks;
using Bee.Posix;

namespace Bee.Cmdlets.Fleet;

/// <summary>What an agent found when it checked a tool.</summary>
/// <param name="Kernel">The release of the kernel.</param>
/// <param name="Architecture">The platform, such as linux/amd64.</param>
/// <param name="Results">The results, in the order of the checks.</param>
internal sealed record CheckReport(string? Kernel, string? Architecture, IReadOnlyList<CheckResult> Results)
{
    private static readonly JsonSerializerOptions s_options = new() { Converters = { new JsonStringEnumConverter<CheckState>(allowIntegerValues: false) } };

    /// <summary>Encodes the report as JSON.</summary>
    public string Encode() => JsonSerializer.Serialize(this, s_options);

    /// <summary>Decodes the text of <see cref="Encode"/>. Control characters are made visible: the host may be hostile.</summary>
    /// <exception cref="JsonException">The text is not a report.</exception>
    public static CheckReport Decode(string text) => JsonSerializer.Deserialize<CheckReport>(text, s_options) is { Results: { } results } report && results.All(result => result is { Name: not null, Message: not null })
        ? new CheckReport(Shown(report.Kernel), Shown(report.Architecture), [.. results.Select(Shown)])
        : throw new JsonException("The report has no results.");

    private static CheckResult Shown(CheckResult result) => new(TerminalText.Show(result.Name), result.State, TerminalText.ShowLines(result.Message)) { Remedy = Shown(result.Remedy), Target = Shown(result.Target) };

    private static string? Shown(string? text) => text is null ? null : TerminalText.ShowLines(text);
}
