using System.Management.Automation;
using System.Security.Cryptography;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Export-BeeImage and Import-BeeImage.</summary>
[Collection("Bee")]
public sealed class ArchiveTests(Programs programs) : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    private string Store => _folder["store"];

    [Theory]
    [InlineData("images.tar")]
    [InlineData("images.tar.gz")]
    public void Exported_images_are_imported_from_a_file(string file)
    {
        PSObject written = Assert.Single(Objects("Get-BeeImage test/* -Store $source | Export-BeeImage -OutFile $file -Store $source", file));
        Assert.Equal(_folder[file], Assert.IsType<FileInfo>(written.BaseObject).FullName);

        IReadOnlyList<PSObject> images = Objects("Import-BeeImage $file -Store $store", file);
        Assert.Equal(["test/execsnoop:v1", "test/opensnoop:v1"], images.Select(Reference));
        Assert.Equal(
            Objects("Get-BeeImage test/* -Store $source | ForEach-Object Digest").Select(digest => $"{digest}"),
            images.Select(image => $"{image.Properties["Digest"].Value}"));
        Assert.Equal(["Ok", "Ok"], Objects("Get-BeeImage -Store $store | Test-BeeImage -Store $store | Where-Object Name -eq Digests").Select(result => $"{result.Properties["State"].Value}"));
        Assert.Equal([_folder[file]], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Export_to_a_folder_writes_one_file_for_each_image()
    {
        Directory.CreateDirectory(_folder["out"]);
        Assert.Equal(
            [_folder["out/execsnoop-v1.tar"], _folder["out/opensnoop-v1.tar"]],
            Objects("Export-BeeImage test/* $file -Store $source", "out").Select(file => $"{file}"));
        Assert.Equal(["test/execsnoop:v1", "test/opensnoop:v1"], Objects("Import-BeeImage $file -Store $store", "out/*.tar").Select(Reference));
    }

    [Fact]
    public void Path_with_a_final_slash_creates_the_folder()
        => Assert.Equal([_folder["new/opensnoop-v1.tar"]], Objects("Export-BeeImage test/opensnoop:v1 $file -Store $source", "new/").Select(file => $"{file}"));

    [Fact]
    public void NoClobber_keeps_an_existing_file()
    {
        string file = _folder.Write("x.tar", "mine");
        Assert.Equal("FileExists", Id("Export-BeeImage test/opensnoop:v1 $file -NoClobber -Store $source", "x.tar"));
        Objects("Export-BeeImage test/opensnoop:v1 $file -WhatIf -Store $source", "x.tar");
        Assert.Equal("mine", File.ReadAllText(file));
        Objects("Export-BeeImage test/opensnoop:v1 $file -Store $source", "x.tar");
        Assert.Equal(["again:v2"], Objects("Import-BeeImage $file again:v2 -Store $store", "x.tar").Select(Reference));
    }

    [Fact]
    public void Object_file_is_imported_as_an_image()
    {
        PSObject image = Assert.Single(Objects($"Import-BeeImage '{programs.Calls}' me/calls:v1 -Store $store"));
        Assert.Equal("me/calls:v1", Reference(image));
        Assert.Contains("print_seen", Objects("(Get-BeeImage me/calls:v1 -Store $store).Maps.Name").Select(name => $"{name}"));
        Assert.Equal(["calls:latest"], Objects($"Import-BeeImage '{programs.Calls}' -Store $store").Select(Reference));
        Assert.Equal("linux/arm64", $"{Objects($"(Import-BeeImage '{programs.Calls}' arm:v1 -Platform linux/arm64 -Store $store).Platform")[0]}");

        File.Copy(programs.Calls, _folder["no-ending"]);
        Assert.Equal(["no-ending:latest"], Objects("Import-BeeImage $file -Store $store", "no-ending").Select(Reference));
        _folder.Write("bad.o", "no object");
        Assert.StartsWith("BadObject.", Id("Import-BeeImage $file -Store $store", "bad.o"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_of_a_file_that_is_replaced_meanwhile_reads_only_one_version()
    {
        Objects("Export-BeeImage test/opensnoop:v1 $file -Store $source", "images.tar");
        string[] contents = [programs.Calls, _folder["images.tar"]];
        File.Copy(contents[0], _folder["file"]);
        using var done = new CancellationTokenSource();
        var replacing = Task.Run(() =>
        {
            for (var i = 1; !done.IsCancellationRequested; i++)
            {
                File.Copy(contents[i % contents.Length], _folder["next"], overwrite: true);
                File.Move(_folder["next"], _folder["file"], overwrite: true);
            }
        });
        try
        {
            // Before the fix, the format check and the import read different versions in about one of five runs.
            for (var i = 0; i < 40; i++)
            {
                Assert.Contains(Reference(Assert.Single(Objects("Import-BeeImage $file -Store $store", "file"))), (string[])["file:latest", "test/opensnoop:v1"]);
            }
        }
        finally
        {
            await done.CancelAsync();
            await replacing;
        }
    }

    [Fact]
    public void Folder_with_a_layout_is_imported()
    {
        Assert.Equal(["test/execsnoop:v1", "test/opensnoop:v1"], Objects("Import-BeeImage $source -Store $store").Select(Reference).Order());
        ErrorRecord several = _shell.Error("Import-BeeImage $source one:v1 -Store $store", Variables(null));
        Assert.StartsWith("SeveralImages", several.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("test/opensnoop:v1", $"{several}", StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_not_images_have_specific_error_ids()
    {
        Assert.Equal("FileNotFound", Id("Import-BeeImage $file -Store $store", "nothing"));
        _folder.Write("text", new string('x', 2000));
        Assert.Equal("Store.BadArchive", Id("Import-BeeImage $file -Store $store", "text"));
        _folder.Write("short", "x");
        Assert.Equal("Store.BadArchive", Id("Import-BeeImage $file -Store $store", "short"));
        _folder.Write("tool.bpf.c", "int x;");
        Assert.Equal("NotAnImage", Id("Import-BeeImage $file -Store $store", "tool.bpf.c"));
        Directory.CreateDirectory(_folder["empty"]);
        Assert.Equal("Store.NotAStore", Id("Import-BeeImage $file -Store $store", "empty"));
        Assert.Equal("ImageNotFound", Id("Export-BeeImage none:v1 $file -Store $source", "none.tar"));
        Assert.False(File.Exists(_folder["none.tar"]));
        Assert.False(Directory.Exists(Store));
    }

    [Fact]
    public void Damaged_archive_gets_no_name_in_the_store()
    {
        Objects("Export-BeeImage test/opensnoop:v1 $file -Store $source", "x.tar");
        byte[] bytes = File.ReadAllBytes(_folder["x.tar"]);
        bytes[bytes.AsSpan().IndexOf("\u007fELF"u8) + 100] ^= 1;
        File.WriteAllBytes(_folder["x.tar"], bytes);
        ErrorRecord error = _shell.Error("Import-BeeImage $file -Store $store", Variables("x.tar"));

        Assert.StartsWith("Store.DigestMismatch,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.SecurityError, error.CategoryInfo.Category);
        Assert.Empty(Objects("Get-BeeImage -Store $store"));
    }

    [ToolFact(Tool.Skopeo)]
    public void Skopeo_reads_exported_archives_and_its_own_are_imported()
    {
        Objects("Export-BeeImage test/opensnoop:v1 $file -Store $source", "x.tar");
        Skopeo("copy", $"oci-archive:{_folder["x.tar"]}:test/opensnoop:v1", $"oci-archive:{_folder["tagged.tar"]}:v7");
        Skopeo("copy", $"oci-archive:{_folder["x.tar"]}:test/opensnoop:v1", $"oci-archive:{_folder["unnamed.tar"]}");
        Skopeo("copy", $"oci-archive:{_folder["x.tar"]}:test/opensnoop:v1", $"oci:{_folder["layout"]}:v8");

        Assert.Equal(["tagged:v7"], Objects("Import-BeeImage $file -Store $store", "tagged.tar").Select(Reference));
        Assert.Equal(["unnamed:latest"], Objects("Import-BeeImage $file -Store $store", "unnamed.tar").Select(Reference));
        Assert.Equal(["layout:v8"], Objects("Import-BeeImage $file -Store $store", "layout").Select(Reference));
        Assert.Single(Objects("Get-BeeImage -Store $store | ForEach-Object Digest").Select(digest => $"{digest}").Distinct());
        Assert.Equal(
            $"{Objects("(Get-BeeImage test/opensnoop:v1 -Store $source).Digest")[0]}", $"{Objects("(Get-BeeImage layout:v8 -Store $store).Digest")[0]}");
    }

    [ToolFact(Tool.Oras)]
    public void Layout_from_oras_is_imported()
    {
        ToolRun run = Tool.Run(Tool.Oras, ["copy", "--from-oci-layout-path", programs.Store, "--to-oci-layout-path", _folder["layout"], "test/opensnoop:v1", "v9"]);
        Assert.True(run.ExitCode == 0, run.Messages);
        Assert.Equal(["layout:v9"], Objects("Import-BeeImage $file -Store $store", "layout").Select(Reference));
    }

    [ToolTheory(Tool.Registry)]
    [InlineData("Tag")]
    [InlineData("Bundle")]
    public void Signature_is_exported_and_valid_after_import(string layout)
    {
        using var registry = DebianRegistry.Start();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string name = $"{registry.Host}/me/tool:v1";
        (string, object?)[] variables =
        [
            .. Variables("signed.tar"), ("name", name), ("layout", layout), ("signing", _folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem())),
            ("public", _folder.Write("key.pub", key.ExportSubjectPublicKeyInfoPem())), ("wrong", _folder.Write("other.pub", other.ExportSubjectPublicKeyInfoPem())), ("there", _folder["there"]),
        ];
        _shell.Objects("Publish-BeeImage test/opensnoop:v1 -Destination $name -Store $source -Sign $signing -SignatureLayout $layout", variables);
        _shell.Objects("Save-BeeImage $name -Store $there; Export-BeeImage $name $file -Store $there", variables);

        Assert.Equal([name], _shell.Objects("Import-BeeImage $file -Store $store", variables).Select(Reference));
        Assert.Equal("Ok", State("$public"));
        Assert.Equal("Failed", State("$wrong"));

        string State(string by) => $"{Assert.Single(_shell.Objects($"(Test-BeeImage $name -Store $store -PublicKey {by} | Where-Object Name -eq Signature).State", variables))}";
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    private static string Reference(PSObject image) => $"{image.Properties["Reference"].Value}";

    private static void Skopeo(params string[] arguments)
    {
        ToolRun run = Tool.Run(Tool.Skopeo, arguments);
        Assert.True(run.ExitCode == 0, run.Messages);
    }

    private IReadOnlyList<PSObject> Objects(string script, string? file = null) => _shell.Objects(script, Variables(file));

    private string Id(string script, string file) => _shell.Error(script, Variables(file)).FullyQualifiedErrorId.Split(',')[0];

    private (string, object?)[] Variables(string? file) => [("source", programs.Store), ("store", Store), ("file", file is null ? null : _folder[file])];
}
