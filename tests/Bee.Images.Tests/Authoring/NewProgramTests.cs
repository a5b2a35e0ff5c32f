namespace Bee.Images.Tests;

/// <summary>New-BeeProgram: the files that it writes, and its errors. The content of the files is tested with the skeletons.</summary>
public sealed class NewProgramTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    [Fact]
    public void File_path_writes_and_returns_a_file()
    {
        var file = Assert.IsType<FileInfo>(Assert.Single(_shell.Objects("New-BeeProgram $path", ("path", _folder["opens.bpf.c"]))).BaseObject);

        Assert.Equal(_folder["opens.bpf.c"], file.FullName);
        Assert.Contains("print_opens", File.ReadAllText(file.FullName));
        Assert.Equal(["opens.bpf.c"], Files(_folder.Path));
    }

    [Fact]
    public void Folder_path_writes_a_source_and_a_manifest_that_build()
    {
        Assert.Equal(2, _shell.Objects("New-BeeProgram $path -ProgramType xdp -Output Counter", ("path", _folder["packets"])).Count);
        Assert.Equal(["bee.schema.json", "bee.yaml", "packets.bpf.c"], Files(_folder["packets"]));

        var image = Assert.Single(_shell.Objects("Invoke-BeeBuild $path -Store $store", ("path", _folder["packets"]), ("store", _folder["store"])));
        Assert.EndsWith("packets:latest", (string)image.Properties["Reference"].Value);
    }

    [Fact]
    public void Second_program_in_a_folder_does_not_rename_the_first()
    {
        _folder.Write("it's [mine]/other.bpf.c", "#include \"bee.h\"\nBEE_LICENSE(\"GPL\");\nSEC(\"syscall\") int other(void *context) { return 0; }\n");
        _shell.Objects("New-BeeProgram $path", ("path", _folder["it's [mine]"]));

        string[] built = [.. _shell.Objects(
            "$folder, \"$folder/other.bpf.c\" | Invoke-BeeBuild -Store $store | ForEach-Object Reference",
            ("folder", _folder["it's [mine]"]), ("store", _folder["store"])).Select(name => $"{name}")];
        Assert.Equal(2, built.Length);
        Assert.Equal("other:latest", built[1]);
    }

    [Fact]
    public void Existing_file_is_overwritten_only_with_Force()
    {
        _folder.Write("mine.c", "mine");
        var error = _shell.Error("New-BeeProgram $path", ("path", _folder["mine.c"]));

        Assert.StartsWith("FileExists", error.FullyQualifiedErrorId);
        Assert.Equal("mine", File.ReadAllText(_folder["mine.c"]));
        _shell.Objects("New-BeeProgram $path -Force", ("path", _folder["mine.c"]));
        Assert.Contains("BEE_LICENSE", File.ReadAllText(_folder["mine.c"]));
    }

    [Fact]
    public void One_existing_file_of_two_keeps_both_from_being_written()
    {
        _folder.Write("tool/bee.yaml", "name: mine\n");
        _shell.Error("New-BeeProgram $path", ("path", _folder["tool"]));

        Assert.Equal(["bee.yaml"], Files(_folder["tool"]));
    }

    [Fact]
    public void WhatIf_writes_nothing()
    {
        Assert.Empty(_shell.Objects("New-BeeProgram $path -WhatIf", ("path", _folder["tool"])));
        Assert.Empty(Files(_folder.Path));
        Assert.False(Directory.Exists(_folder["tool"]));
    }

    [Theory]
    [InlineData("New-BeeProgram $folder/x.bpf.c -ProgramType xpd", "Skeleton.UnknownKind", "xdp")]
    [InlineData("New-BeeProgram $folder/x.bpf.c -ProgramType tp/sched/sched_switch", "Skeleton.UnknownKind", "The kind is tracepoint, and the attach target is 'sched/sched_switch'.")]
    [InlineData("New-BeeProgram $folder/x.bpf.c -MapType RingBuffer -Output Gauge", "Skeleton.Combination", "Hash or Array")]
    [InlineData("New-BeeProgram $folder/x.bpf.c -AttachTo sched_switch", "Skeleton.Target", "CATEGORY/NAME")]
    [InlineData("New-BeeProgram $folder/x.bpf.c -ProgramType fentry -AttachTo vfs_opne", "Skeleton.Target", "vfs_open")]
    [InlineData("New-BeeProgram $folder/x.bpf.c -ProgramType xdp -AttachTo eth0", "Skeleton.Target", "-Interface")]
    [InlineData("New-BeeProgram $folder/x.bpf.c -Template opensnop", "Skeleton.UnknownTemplate", "opensnoop")]
    [InlineData("New-BeeProgram $folder/x.txt", "NotASource", ".bpf.c")]
    [InlineData("New-BeeProgram $folder/.bpf.c", "NoName", "opens.bpf.c")]
    public void Invalid_argument_is_an_error_with_a_remedy(string script, string id, string remedy)
    {
        var error = _shell.Error(script, ("folder", _folder.Path));

        Assert.StartsWith(id, error.FullyQualifiedErrorId);
        Assert.Contains(remedy, error.ErrorDetails.RecommendedAction);
        Assert.Empty(Files(_folder.Path));
    }

    [Fact]
    public void Template_is_copied_under_the_new_name()
    {
        _shell.Objects("New-BeeProgram $path -Template syscount", ("path", _folder["calls"]));
        Assert.Equal(["bee.schema.json", "bee.yaml", "calls.bpf.c"], Files(_folder["calls"]));
        Assert.StartsWith("# yaml-language-server: $schema=bee.schema.json\nname: calls\n", File.ReadAllText(_folder["calls/bee.yaml"]));
        _shell.Objects("New-BeeProgram $path -Template syscount", ("path", _folder["other.bpf.c"]));
        Assert.Equal(File.ReadAllText(_folder["calls/calls.bpf.c"]), File.ReadAllText(_folder["other.bpf.c"]));
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    private static string[] Files(string folder) => [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order()];
}
