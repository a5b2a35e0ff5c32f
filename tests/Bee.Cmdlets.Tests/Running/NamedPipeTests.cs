using System.Diagnostics;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>A named pipe in place of a file is rejected at once. It has no writer, so a command that opened it would wait forever.</summary>
[Collection("Bee")]
public sealed class NamedPipeTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    public NamedPipeTests()
    {
        Pipe("pipe");
        Pipe("pipe.o");
        Pipe("pipe.c");
        Pipe("manifest/bee.yaml");
        Pipe("docker/config.json");
        _folder.Write("manifest/a.bpf.c", "int number;\n");
        _folder.Write("good.c", "int number;\n");
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("Invoke-BeeProgram $d/pipe.o")]
    [InlineData("Invoke-BeeProgram $d/pipe.c")]
    [InlineData("Start-BeeProgram $d/pipe.o")]
    [InlineData("Invoke-BeeBuild $d/pipe.c -OutFile $d/x.o")]
    [InlineData("Invoke-BeeBuild $d/manifest -OutFile $d/x.o")]
    [InlineData("Invoke-BeeBuild $d/good.c -OutFile $d/x.o -VmlinuxBtf $d/pipe")]
    [InlineData("Import-BeeImage $d/pipe -Store $d/store")]
    [InlineData("Import-BeeImage $d/pipe.o -Store $d/store")]
    [InlineData("Test-BeeImage $d/pipe.o")]
    [InlineData("Test-BeeImage $d/pipe.o -KernelBtf $d/pipe")]
    [InlineData("Save-BeeImage localhost:1/a -Store $d/store -CACertificate $d/pipe")]
    [InlineData("Save-BeeImage localhost:1/a -Store $d/store -PublicKey $d/pipe")]
    [InlineData("Publish-BeeImage a -Store $d/store -Sign $d/pipe")]
    [InlineData("$env:DOCKER_CONFIG = \"$d/docker\"; try { Connect-BeeRegistry localhost:1 -Credential ([pscredential]::new('a', [securestring]::new())) } finally { $env:DOCKER_CONFIG = $null }")]
    public void Named_pipe_in_place_of_a_file_is_an_error_at_once(string script)
    {
        string said = Errors(script);
        Assert.Contains("named pipe", said, StringComparison.Ordinal);
    }

    private string Errors(string script)
    {
        try
        {
            return string.Join('\n', _shell.Run(script, ("d", _folder.Path)).Errors.Select(e => $"{e.Exception.Message}"));
        }
        catch (RuntimeException e)
        {
            return e.Message;
        }
    }

    private void Pipe(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        using var made = Process.Start("mkfifo", [_folder[name]]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }
}
