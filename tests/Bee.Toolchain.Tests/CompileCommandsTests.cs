using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>The file with which clangd compiles a source as Bee does.</summary>
public class CompileCommandsTests
{
    private const string Source = "#include \"bee.h\"\n#include \"local.h\"\nBEE_LICENSE(\"GPL\");\nSEC(\"raw_tp/sys_enter\") int enter(void *ctx) { struct task_struct *task = 0; return LOCAL + GIVEN + !task; }\n";

    [CompileFact]
    public void Command_of_a_file_compiles_it_from_any_folder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("include/local.h", "#define LOCAL 1");
        var request = new CompileRequest
        {
            Source = folder.Write("a tool.bpf.c", Source),
            LinkedSources = [folder.Write("more/second.bpf.c", Source)],
            Defines = ["GIVEN=2"],
            IncludeDirectories = [Path.Combine(folder.Path, "include")],
        };
        var path = CompileCommands.Write(request, folder.Path, CancellationToken.None);

        Assert.Equal(Path.Combine(folder.Path, "compile_commands.json"), path);
        var commands = Read(path);
        Assert.Equal([request.Source, request.LinkedSources[0]], commands.Select(command => (string)command["file"]!));
        foreach (var command in commands)
        {
            string[] arguments = [.. command["arguments"]!.AsArray().Select(argument => (string)argument!)];
            using var clang = Process.Start(new ProcessStartInfo(arguments[0], [.. arguments[1..], "-fsyntax-only", "-Werror"]) { WorkingDirectory = (string)command["directory"]!, RedirectStandardError = true })!;
            Assert.Equal("", clang.StandardError.ReadToEnd());
            clang.WaitForExit();
            Assert.Equal(0, clang.ExitCode);
        }
    }

    [CompileFact]
    public void Entries_of_other_files_stay_and_each_file_appears_once()
    {
        using var folder = new TemporaryFolder();
        var source = folder.Write("tool.bpf.c", Source);
        folder.Write("compile_commands.json", $$"""
            [
              { "directory": "{{folder.Path}}", "file": "other.c", "command": "cc -c other.c", "output": "other.o" },
              { "directory": "{{folder.Path}}", "file": "./tool.bpf.c", "command": "cc -c tool.bpf.c" },
              { "file": 1 }
            ]
            """);
        CompileCommands.Write(new CompileRequest { Source = source }, folder.Path, CancellationToken.None);
        CompileCommands.Write(new CompileRequest { Source = source }, folder.Path, CancellationToken.None);

        var commands = Read(Path.Combine(folder.Path, "compile_commands.json"));
        Assert.Equal(["\"other.c\"", "1", JsonSerializer.Serialize(source)], commands.Select(command => command["file"]!.ToJsonString()));
        Assert.Equal("other.o", (string)commands[0]["output"]!);
        Assert.Equal(["compile_commands.json", "tool.bpf.c"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
    }

    [CompileFact]
    public void Link_is_refused_and_its_target_is_not_copied()
    {
        using var folder = new TemporaryFolder();
        var target = folder.Write("elsewhere/private.json", "[\"secret\"]");
        var path = Path.Combine(folder.Path, "compile_commands.json");
        File.CreateSymbolicLink(path, target);

        Assert.ThrowsAny<IOException>(() => CompileCommands.Write(new CompileRequest { Source = folder.Write("tool.bpf.c", Source) }, folder.Path, CancellationToken.None));
        Assert.Equal(target, new FileInfo(path).LinkTarget);
        Assert.Equal("[\"secret\"]", File.ReadAllText(target));
    }

    [CompileTheory]
    [InlineData("{}")]
    [InlineData("[")]
    [InlineData("")]
    public void File_that_is_something_else_is_left_alone(string text)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("compile_commands.json", text);

        Assert.ThrowsAny<JsonException>(() => CompileCommands.Write(new CompileRequest { Source = folder.Write("tool.bpf.c", Source) }, folder.Path, CancellationToken.None));
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void Schema_of_the_manifest_is_found() => Assert.Contains("\"title\": \"bee.yaml\"", ManifestSchema.Text);

    private static JsonObject[] Read(string path) => [.. JsonNode.Parse(File.ReadAllText(path))!.AsArray().Select(command => (JsonObject)command!)];
}
