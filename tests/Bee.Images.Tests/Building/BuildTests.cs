using System.Management.Automation;

namespace Bee.Images.Tests;

public sealed class BuildTests : IDisposable
{
    private const string Fine = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        #ifndef SIZE
        #define SIZE 4096
        #endif
        BEE_RING(print_numbers, u32, SIZE);
        SEC("raw_tp/sys_enter")
        int program(void *ctx) { return 0; }
        """;

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    [Fact]
    public void Built_image_describes_its_maps_programs_and_build()
    {
        PSObject image = Assert.Single(_shell.Objects(
            "Invoke-BeeBuild $source -Tag test/fine -Store $store -Author me -Description 'does nothing' -License Apache-2.0",
            ("source", _folder.Write("fine.bpf.c", Fine)), ("store", _folder["store"])));

        Assert.Equal("test/fine:latest", $"{image.Properties["Reference"].Value}");
        Assert.StartsWith("sha256:", $"{image.Properties["Digest"].Value}", StringComparison.Ordinal);
        dynamic it = image.BaseObject;
        Assert.Equal("me", it.Authors);
        Assert.Equal("does nothing", it.Description);
        Assert.Equal("Apache-2.0", it.License);
        Assert.Contains(_shell.Objects("$image.Maps.Name", ("image", image)), name => $"{name}" == "print_numbers");
        Assert.Equal(["program"], _shell.Objects("$image.Programs.Name", ("image", image)).Select(name => $"{name}"));
    }

    [Fact]
    public void Invalid_macro_is_an_error_before_compiling()
    {
        ErrorRecord error = _shell.Error("Invoke-BeeBuild $source -Store $store -Define SIZE=4096, 'A B'", ("source", _folder.Write("fine.bpf.c", Fine)), ("store", _folder["store"]));
        Assert.Equal("BadDefine,Bee.Cmdlets.Images.InvokeBuildCommand", error.FullyQualifiedErrorId);
        Assert.Contains("'A B' is not a macro", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Same_source_in_two_folders_has_the_same_digest()
    {
        string[] digests = [.. new[] { "here/", "some/where/else/" }.Select(folder =>
            $"{_shell.Objects("(Invoke-BeeBuild $source -Tag test/fine -Store $store).Digest",
                ("source", _folder.Write($"{folder}fine.bpf.c", Fine)), ("store", _folder[$"{folder}store"]))[0]}")];

        Assert.Equal(digests[0], digests[1]);
    }

    [Fact]
    public void Object_has_BTF_and_no_DWARF_and_is_replaced_by_rename()
    {
        string old = _folder.Write("out.o", "old");
        using FileStream reader = File.OpenRead(old);

        PSObject file = Assert.Single(_shell.Objects(
            "Invoke-BeeBuild $source -BinaryOnly -OutFile $out", ("source", _folder.Write("fine.bpf.c", Fine)), ("out", old)));

        Assert.IsType<FileInfo>(file.BaseObject);
        string text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(old));
        Assert.Contains(".BTF", text, StringComparison.Ordinal);
        Assert.DoesNotContain(".debug_info", text, StringComparison.Ordinal);
        // A process that had the old file open reads it to its end: the file was replaced, not overwritten.
        Assert.Equal("old", new StreamReader(reader).ReadToEnd());
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path), name => Path.GetFileName(name) is not ("out.o" or "fine.bpf.c"));
    }

    [Fact]
    public void Missing_output_folder_is_created()
    {
        PSObject file = Assert.Single(_shell.Objects(
            "Invoke-BeeBuild $source -BinaryOnly -OutFile $out", ("source", _folder.Write("fine.bpf.c", Fine)), ("out", _folder["new/objects/"])));

        Assert.Equal(_folder["new/objects/fine.bpf.o"], ((FileInfo)file.BaseObject).FullName);
    }

    [Theory]
    [InlineData("$folder/[a].bpf.c")]
    [InlineData("$folder/`[a`].bpf.c")]
    public void Path_with_brackets_is_found_with_and_without_escapes(string path)
    {
        _folder.Write("[a].bpf.c", Fine);

        Assert.Single(_shell.Objects("Invoke-BeeBuild $path -BinaryOnly -OutFile $out", ("path", path.Replace("$folder", _folder.Path, StringComparison.Ordinal)), ("out", _folder["a.o"])));
    }

    [Fact]
    public void Define_reaches_the_source()
    {
        Assert.Equal(8192u, Convert.ToUInt32(_shell.Objects(
            "(Invoke-BeeBuild $source -Tag t/d -Store $store -Define SIZE=8192).Maps.Where{ $_.Name -eq 'print_numbers' }.MaxEntries",
            ("source", _folder.Write("fine.bpf.c", Fine)), ("store", _folder["store"]))[0].BaseObject));
    }

    [Fact]
    public void Compiler_error_has_file_line_and_column()
    {
        string source = _folder.Write("bad.bpf.c", "#include \"bee.h\"\nint f(void)\n{\n\treturn nothing;\n}\n");

        ErrorRecord error = _shell.Error("Invoke-BeeBuild $source -Tag t/bad -Store $store", ("source", source), ("store", _folder["store"]));

        Assert.StartsWith("CompilationFailed", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ParserError, error.CategoryInfo.Category);
        dynamic exception = error.Exception;
        Assert.EndsWith("bad.bpf.c", (string)exception.File, StringComparison.Ordinal);
        Assert.Equal(4, (int)exception.Line);
        Assert.Equal(9, (int)exception.Column);
        Assert.Contains("nothing", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_shell.Objects("Get-BeeImage -Store $store", ("store", _folder["store"])));
    }

    [Fact]
    public void Compiler_warning_goes_to_the_warning_stream()
    {
        string source = _folder.Write("warns.bpf.c", Fine + "\n#warning be careful\n");

        ShellResult result = _shell.Run("Invoke-BeeBuild $source -Tag t/w -Store $store", ("source", source), ("store", _folder["store"]));

        Assert.Empty(result.Errors);
        Assert.Single(result.Output);
        Assert.Contains(result.Warnings, warning => warning.Contains("be careful", StringComparison.Ordinal) && warning.Contains("warns.bpf.c", StringComparison.Ordinal));
    }

    [Fact]
    public void Missing_header_error_names_its_package()
    {
        // Without the system's folders, libbpf's headers are missing, as on a machine where they are not installed.
        string source = _folder.Write("noheader.bpf.c", "#include <bpf/bpf_helpers.h>\n");

        ErrorRecord error = _shell.Error("Invoke-BeeBuild $source -Tag t/h -Store $store -CFlags '-nostdinc'", ("source", source), ("store", _folder["store"]));

        Assert.Contains("libbpf", $"{error} {error.ErrorDetails?.RecommendedAction}", StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_clang_error_names_its_package()
    {
        ChildResult child = Child.Run(
            $"try {{ Invoke-BeeBuild '{_folder.Write("fine.bpf.c", Fine)}' -Tag t/c -Store '{_folder["store"]}' -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId; \"$_\" }}",
            environment: new Dictionary<string, string?> { ["PATH"] = "/nowhere", ["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath) });

        Assert.Contains("ToolMissing", child.Output, StringComparison.Ordinal);
        Assert.Contains("clang", child.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_file_is_an_error_and_the_next_file_is_built()
    {
        ShellResult result = _shell.Run("'/nowhere/x.c', $source | Invoke-BeeBuild -Store $store", ("source", _folder.Write("fine.bpf.c", Fine)), ("store", _folder["store"]));

        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal("/nowhere/x.c", error.TargetObject);
        Assert.Single(result.Output);
    }

    [Fact]
    public void WhatIf_builds_nothing()
    {
        Assert.Empty(_shell.Objects("Invoke-BeeBuild $source -Tag t/w -Store $store -WhatIf", ("source", _folder.Write("fine.bpf.c", Fine)), ("store", _folder["store"])));
        Assert.Empty(_shell.Objects("Get-BeeImage -Store $store", ("store", _folder["store"])));
    }

    [Fact]
    public void Manifest_beside_the_source_names_the_image()
    {
        string source = _folder.Write("tool/fine.bpf.c", Fine);
        _folder.Write("tool/bee.yaml", "name: mine/tool\ndescription: from the manifest\ndefines: [SIZE=16384]\n");

        dynamic image = Assert.Single(_shell.Objects("Invoke-BeeBuild $source -Store $store", ("source", source), ("store", _folder["store"]))).BaseObject;

        Assert.Equal("mine/tool:latest", image.Reference);
        Assert.Equal("from the manifest", image.Description);
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }
}
