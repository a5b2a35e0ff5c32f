using System.Text.RegularExpressions;
using Bee.Packages;

namespace Bee.Deployments;

/// <summary>Runs the commands of docs/containers.md.</summary>
[Collection("Engine")]
public sealed partial class PageTests(Engine engine)
{
    private static readonly string s_page = File.ReadAllText(Project.File("docs", "containers.md"));

    [PodmanFact]
    public void The_commands_of_the_page_run()
    {
        engine.Archive("opensnoop");
        string folder = Directory.CreateDirectory(engine["page"]).FullName;
        string[] scripts = [.. Blocks("powershell").Where(script => !script.Contains("-Sign", StringComparison.Ordinal)).Select(script => script.Replace(" | Publish-BeeImage", "", StringComparison.Ordinal))];
        Assert.Equal(3, scripts.Length);
        Project.Script($"$env:BEE_STORE = '{engine.Store}'; Set-Location '{folder}'; {string.Join("; ", scripts)} | Out-Null");
        Assert.Contains("kind: DaemonSet", File.ReadAllText(Path.Combine(folder, "opensnoop.yaml")), StringComparison.Ordinal);
        Assert.Contains("[Service]", File.ReadAllText(Path.Combine(folder, "opensnoop.service")), StringComparison.Ordinal);

        using var load = new OpenLoad();
        string[] words = Assert.Single(Blocks("sh"), block => block.StartsWith("podman run", StringComparison.Ordinal)).Replace("\\\n", "", StringComparison.Ordinal).Replace("4242", $"{load.Id}", StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        int image = Array.FindIndex(words, word => word.StartsWith("ghcr.io/", StringComparison.Ordinal));
        ChildResult run = engine.RunAs(words[2..image], "opensnoop", [.. words[(image + 1)..], "--max-events", "1"]);
        Assert.True(run.ExitCode == 0, run.Messages);
        Assert.StartsWith("{\"tool\":\"opensnoop\",\"received\":\"", run.Output, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Blocks(string language) => Block().Matches(s_page).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value.Trim());

    [GeneratedRegex(@"```(\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
