using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bee.Packages;

namespace Bee.Deployments;

/// <summary>Runs containers with podman: without --privileged, with a read-only root, as the first process of the container.</summary>
[Collection("Engine")]
public sealed partial class ContainerRunTests(Engine engine) : IDisposable
{
    private static readonly string[] s_rights = ["BPF", "PERFMON"];

    private readonly OpenLoad _load = new();

    [PodmanFact]
    public void A_tool_writes_its_events_as_lines_of_JSON_and_ends_with_a_reason()
    {
        ChildResult run = engine.Run("opensnoop", s_rights, ["--parameter", $"target_pid={_load.Id}", "--max-events", "200"]);

        Assert.True(run.ExitCode == 0, run.Messages);
        string[] lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(200, lines.Length);
        var own = new List<JsonObject>();
        foreach (JsonObject line in lines.Select(line => JsonNode.Parse(line)!.AsObject()))
        {
            Assert.Equal("opensnoop", (string?)line["tool"]);
            Assert.Matches(Moment(), (string?)line["received"]);
            JsonObject seen = line["event"]!.AsObject();
            Assert.Equal("print_opens", (string?)seen["MapName"]);
            Assert.EndsWith("Z", (string?)seen["at"], StringComparison.Ordinal);
            if ((int)seen["pid"]! == _load.Id)
            {
                own.Add(seen);
            }
        }

        // The tool watches the shell's children too, and each of them may open dozens of files.
        Assert.NotEmpty(own);
        Assert.All(own, seen => Assert.Equal(("sh", "/etc/hostname", "None"), ((string?)seen["comm"], (string?)seen["path"], (string?)seen["error"])));

        Assert.Equal("bee-run: The tool has ended. (exit code 0)", run.Messages.TrimEnd().Split('\n')[^1]);
    }

    [PodmanFact]
    public void SIGTERM_ends_the_first_process_and_detaches()
    {
        using Process process = engine.Start("opensnoop", s_rights, [], "bee-term", [$"--env=BEE_RUN_PARAMETER_target_pid={_load.Id}"]);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Assert.NotNull(process.StandardOutput.ReadLine());
        Assert.NotEmpty(Programs());
        Task<string> rest = process.StandardOutput.ReadToEndAsync();
        engine.Podman("kill", "--signal=TERM", "bee-term");
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "it did not end");
        string messages = errors.Result;
        Assert.EndsWith("}\n", rest.Result, StringComparison.Ordinal);

        Assert.Equal("bee-run: The tool was ended by SIGTERM. (exit code 0)", messages.TrimEnd().Split('\n')[^1]);
        Assert.Equal(0, process.ExitCode);
    }

    [PodmanFact]
    public void Each_capability_is_needed_and_no_other()
    {
        Assert.Equal(["CAP_PERFMON", "CAP_BPF"], engine.Capabilities("opensnoop"));
        // The whole set suffices: the first test runs with it.
        foreach (string dropped in s_rights)
        {
            ChildResult run = engine.Run("opensnoop", s_rights.Except([dropped]), ["--parameter", $"target_pid={_load.Id}", "--max-events", "1"]);
            Assert.True(run.ExitCode == 5, $"without {dropped}: {run.ExitCode}, {run.Messages}");
            Assert.Empty(run.Output);
            Assert.Contains($"this process lacks CAP_{dropped}", run.Messages, StringComparison.Ordinal);
        }
    }

    [LongPodmanFact]
    public void Tools_load_with_the_derived_capabilities_and_fail_without_any_of_them()
    {
        // A tracepoint in tracefs, a raw tracepoint, and one with types.
        foreach (string example in (string[])["execsnoop", "syscount", "runqlat"])
        {
            string[] rights = [.. engine.Capabilities(example).Select(name => name["CAP_".Length..])];
            string[] arguments = ["--parameter", $"target_pid={_load.Id}", "--duration", "1"];
            ChildResult whole = engine.Run(example, rights, arguments);
            Assert.True(whole.ExitCode == 0, $"{example} with {string.Join(", ", rights)}: {whole.Messages}");
            foreach (string dropped in rights)
            {
                ChildResult run = engine.Run(example, rights.Except([dropped]), arguments);
                Assert.True(run.ExitCode == 5, $"{example} without {dropped}: {run.ExitCode}, {run.Messages}");
            }
        }
    }

    public void Dispose() => _load.Dispose();

    // The processes with an fd of a program of the container. The container shares the host's PID namespace, so the host sees the same fds.
    private string[] Programs() => [.. engine.Podman("inspect", "--format={{.State.Pid}}", "bee-term").Trim() is var pid
        ? Directory.GetFiles($"/proc/{pid}/fdinfo").SelectMany(File.ReadAllLines).Where(line => line.StartsWith("prog_id:", StringComparison.Ordinal))
        : []];

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
    private static partial Regex Moment();
}
