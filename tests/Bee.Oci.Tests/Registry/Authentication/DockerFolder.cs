using System.Text.Json.Nodes;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;

namespace Bee.Oci.Tests.Registry;

/// <summary>A temporary DOCKER_CONFIG folder with credential helpers that are shell scripts. Sets environment variables of the process until it is disposed.</summary>
internal sealed class DockerFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-docker-");
    private readonly Dictionary<string, string?> _before = [];

    public DockerFolder()
    {
        Set("DOCKER_CONFIG", Folder);
        Set("REGISTRY_AUTH_FILE", null);
        Set("PATH", $"{Bin}:{Environment.GetEnvironmentVariable("PATH")}");
        Directory.CreateDirectory(Bin);
    }

    public string Folder => System.IO.Path.Combine(_folder.FullName, "docker");

    public string Config => System.IO.Path.Combine(Folder, "config.json");

    /// <summary>The calls of the helpers.</summary>
    public string Calls => File.Exists(CallsFile) ? File.ReadAllText(CallsFile) : "";

    public List<RegistryNote> Notes { get; } = [];

    public DockerConfig Docker => DockerConfig.Load(Notes.Add);

    public JsonObject Json => JsonNode.Parse(File.ReadAllText(Config))!.AsObject();

    private string Bin => System.IO.Path.Combine(_folder.FullName, "bin");

    private string CallsFile => System.IO.Path.Combine(_folder.FullName, "calls");

    public static string Auth(string user, string password) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{password}"));

    public void Set(string name, string? value)
    {
        _before.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }

    public void Write(string json)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Config, json);
    }

    /// <summary>Adds a helper. In its script <c>$1</c> is the action and <c>$input</c> the standard input.</summary>
    public void Helper(string name, string script) => Executable.Write(
        System.IO.Path.Combine(Bin, "docker-credential-" + name), $"#!/bin/sh\ninput=$(cat)\nprintf '%s %s\\n' \"$1\" \"$input\" >> '{CallsFile}'\n{script}\n");

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        _folder.Delete(recursive: true);
    }
}
