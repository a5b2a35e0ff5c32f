using System.Management.Automation;

namespace Bee.Images.Tests;

public sealed class ImageTests : IDisposable
{
    private static readonly BuiltStore s_built = new((shell, store) =>
    {
        using var folder = new TempFolder();
        (string, object?)[] variables = [("source", folder.Write("tool.bpf.c", Sources.Program("raw_tp/sys_enter"))), ("store", store)];
        shell.Objects("Invoke-BeeBuild $source -Tag one/tool:v1 -Store $store; Invoke-BeeBuild $source -Tag two/tool:v1 -Store $store -Description another", variables);
    });

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    public ImageTests() => s_built.CopyTo(Store);

    private string Store => _folder["store"];

    [Theory]
    [InlineData("*", "one/tool:v1 two/tool:v1")]
    [InlineData("one/*", "one/tool:v1")]
    [InlineData("*/tool:v1", "one/tool:v1 two/tool:v1")]
    [InlineData("none*", "")]
    public void Wildcards_select_images(string pattern, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), References("Get-BeeImage $pattern -Store $store", pattern));

    [Fact]
    public void Table_shows_the_date_in_the_gregorian_calendar_whatever_the_culture()
    {
        var now = (DateTime)Objects("(Get-BeeImage one/tool:v1 -Store $store).Created")[0].BaseObject;

        // The tests' own process has only the invariant culture.
        ChildResult child = Child.Run($"foreach ($culture in 'th-TH', 'ar-SA', 'fa-IR', 'fi-FI') {{ [cultureinfo]::CurrentCulture = $culture; Get-BeeImage one/tool:v1 -Store '{Store}' | Format-Table | Out-String -Width 80 }}");

        Assert.Equal(("", 4), (child.Messages, child.Output.Split(now.ToString("' 'yyyy-MM-dd' '", System.Globalization.CultureInfo.InvariantCulture)).Length - 1));
    }

    [Fact]
    public void Digests_of_blobs_are_text_for_scripts()
    {
        const string Image = "$image = Get-BeeImage one/tool:v1 -Store $store; $digest = $image.Program.Digest; ";

        Assert.Equal("String String String", $"{Objects(Image + "@($image.Descriptor.Digest, $digest, $image.Layers[0].Digest).ForEach({ $_.GetType().Name }) -join ' '")[0]}");
        Assert.Equal(true, Objects(Image + "@{ $digest = $true }[\"$digest\"]")[0].BaseObject);
        Assert.Equal(true, Objects(Image + "($image | ConvertTo-Json -Depth 6 | ConvertFrom-Json).Layers[0].Digest -ceq $digest")[0].BaseObject);
        Assert.Equal(true, Objects(Image + "[System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($image, 6)).Program.Digest -is [string]")[0].BaseObject);
        Assert.Equal(true, Objects(Image + "($image.Layers | ConvertTo-Csv | ConvertFrom-Csv).Digest -ceq $digest")[0].BaseObject);
    }

    [Fact]
    public void Unknown_name_is_an_error()
    {
        ErrorRecord error = _shell.Error("Get-BeeImage one/toll:v1 -Store $store", ("store", Store));

        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal("one/toll:v1", error.TargetObject);
        Assert.Contains("one/tool", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Name_without_a_tag_lists_all_tags_of_the_repository()
    {
        Objects("'one/tool:v2', 'one/toolbox:v1', 'ghcr.io/one/tool:v1' | ForEach-Object { Copy-BeeImage one/tool:v1 $_ -Store $store }");

        Assert.Equal(["one/tool:v1", "one/tool:v2"], References("Get-BeeImage one/tool -Store $store"));
        Assert.Equal(["ghcr.io/one/tool:v1", "one/tool:v1", "one/tool:v2", "two/tool:v1"], References("Get-BeeImage -Name tool -Store $store"));
        Assert.StartsWith("ImageNotFound", _shell.Error("Remove-BeeImage one/tool -Store $store", ("store", Store)).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("ImageNotFound", _shell.Error("Get-BeeImage tools -Store $store", ("store", Store)).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Force_removes_without_confirmation()
    {
        // This host cannot prompt: a prompt would be an error.
        Assert.Empty(Objects("$ConfirmPreference = 'Low'; Remove-BeeImage one/tool:v1 -Store $store -Force; Remove-BeeImage two/tool:v1 -Store $store -Force -WhatIf"));

        Assert.Equal(["two/tool:v1"], References("Get-BeeImage -Store $store"));
    }

    [Fact]
    public void Digest_finds_its_image()
    {
        string digest = $"{Objects("(Get-BeeImage one/tool:v1 -Store $store).Digest")[0]}";

        Assert.Equal(["one/tool:v1"], References("Get-BeeImage $pattern -Store $store", digest));
        Assert.Equal(["one/tool:v1"], References("Get-BeeImage $pattern -Store $store", digest[..20]));
    }

    [Fact]
    public void Copy_gives_the_same_image_another_name()
    {
        PSObject copy = Assert.Single(Objects("Get-BeeImage one/tool:v1 -Store $store | Copy-BeeImage -Destination registry.example/one:v2 -Store $store"));

        Assert.Equal("registry.example/one:v2", $"{copy.Properties["Reference"].Value}");
        Assert.Single(Objects("Get-BeeImage *one* -Store $store | ForEach-Object Digest").Select(digest => $"{digest}").Distinct());
    }

    [Fact]
    public void Removing_the_last_name_deletes_unreferenced_blobs()
    {
        int before = Blobs();

        Assert.Empty(Objects("Remove-BeeImage two/tool:v1 -Store $store"));
        Assert.Equal(["one/tool:v1"], References("Get-BeeImage -Store $store"));
        Assert.True(Blobs() < before);
        Assert.Single(Objects("Get-BeeImage one/tool:v1 -Store $store"));

        Assert.Empty(Objects("Get-BeeImage -Store $store | Remove-BeeImage -Store $store"));
        Assert.Equal(0, Blobs());
    }

    [Fact]
    public void WhatIf_removes_nothing()
    {
        Objects("Remove-BeeImage * -Store $store -WhatIf");

        Assert.Equal(2, References("Get-BeeImage -Store $store").Length);
    }

    [Fact]
    public void Environment_variable_selects_the_store()
    {
        ChildResult child = Child.Run("Get-BeeImage | ForEach-Object Reference", environment: new Dictionary<string, string?> { ["BEE_STORE"] = Store });

        Assert.Equal("one/tool:v1\ntwo/tool:v1\n", child.Output);
    }

    [KernelFact]
    public void Store_of_the_user_behind_sudo_is_read_and_not_written()
    {
        // The system's accounts stay unchanged: the child sees a password file of the test, in its own mount namespace.
        string home = _folder["home"];
        string theirs = Path.Combine(home, ".local", "share", "bee", "store");
        s_built.CopyTo(theirs);
        string accounts = _folder.Write("passwd", File.ReadAllText("/etc/passwd") + $"\nbeetester:x:54321:54321::{home}:/bin/sh\n");
        Run("chown", "-R", "54321:54321", home);
        Run("chmod", "755", _folder.Path);

        ChildResult child = Child.Run(
            """
            Get-BeeImage | ForEach-Object Reference
            (Copy-BeeImage one/tool:v1 -Destination mine/tool:v1).Store
            """,
            prefix: ["unshare", "--mount", "sh", "-c", $"mount --bind '{accounts}' /etc/passwd && exec \"$@\"", "sh"],
            environment: new Dictionary<string, string?>
            {
                ["SUDO_UID"] = "54321",
                ["SUDO_GID"] = "54321",
                ["SUDO_USER"] = "beetester",
                ["HOME"] = _folder["root"],
                ["XDG_DATA_HOME"] = null,
                ["BEE_STORE"] = null,
            });

        Assert.Equal(string.Empty, child.Messages);
        Assert.Equal(["one/tool:v1", "two/tool:v1", Path.Combine(_folder["root"], ".local", "share", "bee", "store")], child.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["one/tool:v1", "two/tool:v1"], Objects("Get-BeeImage -Store $theirs | ForEach-Object Reference", ("theirs", theirs)).Select(name => $"{name}"));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void Table_and_list_follow_the_width_of_the_screen(int width)
    {
        const string Name = "registry.example.com/a-group/of-tools/for/the-whole-company/tool:v1-of-a-branch-with-a-name";
        using var shell = new Shell(width);
        shell.Objects("Copy-BeeImage one/tool:v1 $name -Store $store", ("store", Store), ("name", Name));

        shell.Objects("Get-BeeImage $name -Store $store | Out-Default; Get-BeeImage $name -Store $store | Format-List | Out-Default", ("store", Store), ("name", Name));

        string[] lines = [.. shell.Screen.Split('\n').Select(line => line.TrimEnd())];
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        string row = Assert.Single(lines, line => line.EndsWith("KiB", StringComparison.Ordinal) && !line.StartsWith("Size", StringComparison.Ordinal));
        Assert.Equal(width == 200, row.Contains(Name.Replace(":v1", " v1", StringComparison.Ordinal), StringComparison.Ordinal));
        // Empty lines and Bee's internal maps are not shown.
        Assert.DoesNotContain(lines, line => line.StartsWith("Title", StringComparison.Ordinal) || line.Contains("bee_lost", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Full_disk_fails_an_export_and_still_allows_removing_images()
    {
        string disk = _folder["disk"];
        Directory.CreateDirectory(disk);

        // The tmpfs exists only in the child's mount namespace, so only the child can look at it.
        ChildResult child = Child.Run(
            $"""
            cp -r '{Store}' '{disk}/store'
            dd if=/dev/zero 'of={disk}/fill' bs=4096 2>/dev/null
            Export-BeeImage one/tool:v1 '{disk}/out.tar' -ErrorAction SilentlyContinue -ErrorVariable fault
            "$fault"
            (Get-ChildItem '{disk}' -Force).Name -join ' '
            Remove-BeeImage one/tool:v1, two/tool:v1
            @(Get-BeeImage).Count
            @(Get-ChildItem '{disk}/store/blobs/sha256').Count
            """,
            prefix: ["unshare", "--mount", "sh", "-c", $"mount -t tmpfs -o size=256k none '{disk}' && exec \"$@\"", "sh"],
            environment: new Dictionary<string, string?> { ["BEE_STORE"] = $"{disk}/store" });

        Assert.Equal((string.Empty, $"'{disk}/out.tar' cannot be written: the disk is full.\nstore fill\n0\n0\n"), (child.Messages, child.Output.Replace("fill store", "store fill", StringComparison.Ordinal)));
    }

    private static void Run(string command, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private int Blobs() => Directory.GetFiles(Path.Combine(Store, "blobs"), "*", SearchOption.AllDirectories).Length;

    private IReadOnlyList<PSObject> Objects(string script, params (string, object?)[] variables) => _shell.Objects(script, [("store", Store), .. variables]);

    private string[] References(string script, string? pattern = null) =>
        [.. Objects($"{script} | ForEach-Object Reference", ("pattern", pattern)).Select(reference => $"{reference}")];

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }
}
