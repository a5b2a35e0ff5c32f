using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// Docker's config.json as a document: read whole, and written whole (<see cref="PrivateFile"/>). Whatever else stands in it stays. No message
/// repeats its content.
/// </summary>
internal sealed class DockerConfigFile
{
    private const int Largest = 16 << 20;

    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _path;

    private DockerConfigFile(string path, JsonObject root) => (_path, Root) = (path, root);

    /// <summary>The document.</summary>
    public JsonObject Root { get; }

    /// <summary>The file of this user: REGISTRY_AUTH_FILE, else config.json in DOCKER_CONFIG, else in <c>~/.docker</c>.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: there is no home directory.</exception>
    public static string DefaultPath()
    {
        if (Environment.GetEnvironmentVariable("REGISTRY_AUTH_FILE") is { Length: > 0 } file)
        {
            return Path.GetFullPath(file);
        }

        if (Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } folder)
        {
            return Path.Combine(Path.GetFullPath(folder), "config.json");
        }

        string home = Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } set ? set
            : UserAccount.Find(UserAccount.EffectiveUser)?.Home
            ?? throw new RegistryException(RegistryFault.Login, "There is no home directory to keep logins in.") { Remedy = "Set HOME or DOCKER_CONFIG." };
        return Path.Combine(home, ".docker", "config.json");
    }

    /// <summary>Reads the file; one that does not exist, or is empty, is a document with nothing in it.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>.</exception>
    public static DockerConfigFile Read(string path)
    {
        try
        {
            return Parse(path, ReadContent(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryFault.Login, $"The logins in '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The document of a file's bytes.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>.</exception>
    public static DockerConfigFile Parse(string path, byte[] content)
    {
        try
        {
            if (content.AsSpan().Trim(" \t\r\n"u8).Length == 0)
            {
                return new DockerConfigFile(path, []);
            }

            // JsonObject finds a key that is there twice only when it is first asked, so it is asked here.
            if (JsonNode.Parse(content) is not JsonObject root)
            {
                throw Damaged(path, "it is no JSON object");
            }

            _ = root.Count;
            return new DockerConfigFile(path, root);
        }
        catch (JsonException e)
        {
            throw Damaged(path, e.LineNumber is { } line ? $"it is no JSON (line {line + 1})" : "it is no JSON");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw Damaged(path, "a key stands in it twice");
        }
    }

    /// <summary>Reads the file, changes it and writes it, while no other process of Bee does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="change">Changes the document; false where there is nothing to write.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the file is as it was.</exception>
    public static void Update(string path, Func<DockerConfigFile, bool> change)
    {
        try
        {
            PrivateFile.Update(path, target =>
            {
                DockerConfigFile file = Read(target);
                return change(file) ? Encoding.UTF8.GetBytes(file.Root.ToJsonString(s_readable) + "\n") : null;
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreException)
        {
            throw new RegistryException(RegistryFault.Login, $"The logins in '{path}' cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The object under a key of the document; null where there is none.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: something else stands there.</exception>
    public JsonObject? Section(string name)
    {
        try
        {
            return Root[name] switch
            {
                null => null,
                JsonObject section when section.Count >= 0 => section,
                _ => throw Damaged(_path, $"its '{name}' is no JSON object"),
            };
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw Damaged(_path, $"a key stands in its '{name}' twice");
        }
    }

    /// <summary>A text; null where there is none, or something else stands there.</summary>
    public static string? Text(JsonNode? node)
    {
        try
        {
            return node is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is no text.
            return null;
        }
    }

    /// <summary>What to throw where the file is not what it should be.</summary>
    public static RegistryException Damaged(string path, string why) =>
        new(RegistryFault.Login, $"The logins in '{path}' cannot be read: {why}.") { Remedy = "Mend the file, or name another one with DOCKER_CONFIG or REGISTRY_AUTH_FILE." };

    /// <summary>Returns the bytes; empty if the file does not exist, is a broken link, or is /dev/null.</summary>
    private static byte[] ReadContent(string path)
    {
        using SafeFileHandle? file = FileStatus.Of(path) is { IsNullDevice: true } ? null : RegularFile.OpenIfExists(path);
        return file is null ? []
            : RandomAccess.GetLength(file) > Largest ? throw Damaged(path, $"it is larger than {Largest >> 20} MiB")
            : RegularFile.ReadAllBytes(file, path, Largest);
    }
}
