using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// Reads and writes docker's config.json (<see cref="PrivateFile"/>). Unknown keys are preserved. No message quotes its content.
/// </summary>
internal sealed class DockerConfigFile
{
    private const int Largest = 16 << 20;

    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] s_variables = ["REGISTRY_AUTH_FILE", "DOCKER_CONFIG"];

    private readonly string _path;

    private DockerConfigFile(string path, JsonObject root) => (_path, Root) = (path, root);

    /// <summary>The document.</summary>
    public JsonObject Root { get; }

    /// <summary>Returns the file of this user: REGISTRY_AUTH_FILE, else config.json in DOCKER_CONFIG, else in <c>~/.docker</c>.</summary>
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
            ?? throw new RegistryException(RegistryFault.Login, "The user has no home directory to store logins in.") { Remedy = "Set HOME or DOCKER_CONFIG." };
        return Path.Combine(home, ".docker", "config.json");
    }

    /// <summary>
    /// Returns the files with logins of podman, skopeo and buildah (containers-auth.json(5)), in their search order; none if a variable names the file of this user.
    /// They are only read.
    /// </summary>
    public static IEnumerable<string> PodmanPaths()
    {
        if (s_variables.Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 }))
        {
            return [];
        }

        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } set && !UserFolders.BelongsToInvokingUser(set) ? set : null;
        string kept = runtime is null ? $"/run/containers/{UserAccount.EffectiveUser}" : Path.Combine(runtime, "containers");
        return new[] { kept, UserFolders.Configuration is { } settings ? Path.Combine(settings, "containers") : null }.OfType<string>().Select(folder => Path.Combine(folder, "auth.json"));
    }

    /// <summary>Reads a file. A missing or empty file gives an empty document.</summary>
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

    /// <summary>Parses a file's bytes.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>.</exception>
    public static DockerConfigFile Parse(string path, byte[] content)
    {
        try
        {
            if (content.AsSpan().Trim(" \t\r\n"u8).Length == 0)
            {
                return new DockerConfigFile(path, []);
            }

            // JsonObject detects duplicate keys only at the first access, so Count is read here.
            if (JsonNode.Parse(content) is not JsonObject root)
            {
                throw Damaged(path, "it is not a JSON object");
            }

            _ = root.Count;
            return new DockerConfigFile(path, root);
        }
        catch (JsonException e)
        {
            throw Damaged(path, e.LineNumber is { } line ? $"it is not JSON (line {line + 1})" : "it is not JSON");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw Damaged(path, "it contains a key twice");
        }
    }

    /// <summary>Reads, changes and writes a file under a lock.</summary>
    /// <param name="path">The file.</param>
    /// <param name="change">Changes the document; returns false if there is nothing to write.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the file is unchanged.</exception>
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

    /// <summary>Returns the object of a key; null for none.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the value is not an object.</exception>
    public JsonObject? Section(string name)
    {
        try
        {
            return Root[name] switch
            {
                null => null,
                JsonObject section when section.Count >= 0 => section,
                _ => throw Damaged(_path, $"its '{name}' is not a JSON object"),
            };
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw Damaged(_path, $"its '{name}' contains a key twice");
        }
    }

    /// <summary>Returns a string that is not empty; otherwise null.</summary>
    public static string? Text(JsonNode? node)
    {
        try
        {
            return node is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate is not valid Unicode.
            return null;
        }
    }

    /// <summary>Returns the exception for a damaged file.</summary>
    public static RegistryException Damaged(string path, string why) =>
        new(RegistryFault.Login, $"The logins in '{path}' cannot be read: {why}.") { Remedy = "Correct the file, or set DOCKER_CONFIG or REGISTRY_AUTH_FILE to another one." };

    /// <summary>Returns the bytes; empty if the file does not exist, is a broken link, or is /dev/null.</summary>
    private static byte[] ReadContent(string path)
    {
        using SafeFileHandle? file = FileStatus.Of(path) is { IsNullDevice: true } ? null : RegularFile.OpenIfExists(path);
        return file is null ? []
            : RandomAccess.GetLength(file) > Largest ? throw Damaged(path, $"it is larger than {Largest >> 20} MiB")
            : RegularFile.ReadAllBytes(file, path, Largest);
    }
}

/// <summary>An entry under <c>auths</c> of docker's config.json.</summary>
internal static class DockerEntry
{
    /// <summary>Reads an entry; returns null if it has no login, as for registries with a credential helper.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the entry is damaged. The message does not quote it.</exception>
    public static RegistryCredential? Read(JsonNode? node, string registry, string path)
    {
        if (node is null)
        {
            return null;
        }

        if (node is not JsonObject entry || !IsWhole(entry))
        {
            throw DockerConfigFile.Damaged(path, $"the entry of {registry} is not a JSON object, or has a key twice");
        }

        string? user = DockerConfigFile.Text(entry["username"]), password = DockerConfigFile.Text(entry["password"]);
        if (DockerConfigFile.Text(entry["auth"]) is { } auth)
        {
            (user, password) = Decode(auth) ?? throw DockerConfigFile.Damaged(path, $"the 'auth' of {registry} is not NAME:PASSWORD in base64");
        }

        string? identity = DockerConfigFile.Text(entry["identitytoken"]), access = DockerConfigFile.Text(entry["registrytoken"]);
        return identity is null && access is null && string.IsNullOrEmpty(password)
            ? null
            : new RegistryCredential { UserName = user, Password = string.IsNullOrEmpty(password) ? null : password, IdentityToken = identity, AccessToken = access };
    }

    /// <summary>Writes an entry in docker's form.</summary>
    public static JsonObject Write(RegistryCredential credential)
    {
        var entry = new JsonObject();
        if (credential.UserName is not null || credential.Password is not null)
        {
            entry["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}"));
        }

        if (credential.IdentityToken is { } identity)
        {
            entry["identitytoken"] = identity;
        }

        if (credential.AccessToken is { } access)
        {
            entry["registrytoken"] = access;
        }

        return entry;
    }

    /// <summary>Checks for duplicate keys, which JsonObject detects at the first access.</summary>
    private static bool IsWhole(JsonObject entry)
    {
        try
        {
            return entry.Count >= 0;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static (string User, string Password)? Decode(string auth)
    {
        try
        {
            string text = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
            int colon = text.IndexOf(':');

            // Old versions of docker padded the password with NULs.
            return colon < 0 ? null : (text[..colon], text[(colon + 1)..].TrimEnd('\0'));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>
/// The keys of registries in docker's config.json: with or without a scheme, with or without the API's path, and Docker Hub's own key.
/// </summary>
internal static class DockerKeys
{
    private const string DockerHub = "docker.io";
    private const string DockerHubKey = "https://index.docker.io/v1/";

    /// <summary>Returns the key under which a login is written, and which credential helpers receive.</summary>
    /// <param name="registry">Host and port.</param>
    public static string Canonical(string registry) => Host(registry) == DockerHub ? DockerHubKey : registry;

    /// <summary>Checks whether a key is for a registry.</summary>
    public static bool IsFor(string key, string registry) => Host(key) is { } host && host == Host(registry);

    /// <summary>Returns the keys that a repository and the namespaces above it have, the most specific first: <c>HOST/a/b</c>, <c>HOST/a</c>. As podman reads them, they match exactly.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="repository">The repository without the registry; null gives no keys.</param>
    public static IEnumerable<string> WithPath(string registry, string? repository)
    {
        for (string path = repository ?? ""; path.Length > 0; path = path[..Math.Max(path.LastIndexOf('/'), 0)])
        {
            yield return $"{Host(registry)}/{path}";
        }
    }

    /// <summary>Returns the rank of a key among several for the same registry; the smallest is preferred.</summary>
    public static int Rank(string key, string registry) =>
        key == registry ? 0 : key == Canonical(registry) ? 1 : key.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 2 : 3;

    /// <summary>Returns host and port of a key; null for a key of a repository, as podman writes it, and for an invalid one.</summary>
    public static string? Host(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];
        int slash = rest.IndexOf('/');
        string path = slash < 0 ? "" : rest[slash..].Trim('/');
        string host = (slash < 0 ? rest : rest[..slash]).ToLowerInvariant();

        // A login before the host is not part of the registry's name and must not appear in lists.
        host = host[(host.LastIndexOf('@') + 1)..];
        return host.Length == 0 || path is not ("" or "v1" or "v2") ? null
            : host is "index.docker.io" or "registry-1.docker.io" ? DockerHub
            : host;
    }
}

/// <summary>
/// Replaces a file that only its owner may read, atomically and under a lock. If root writes a file of another user, such as the one who called sudo, that user
/// stays the owner.
/// </summary>
internal static class PrivateFile
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Replaces a file's content, and creates its folder if it is missing.</summary>
    /// <param name="path">The file. The target of a symbolic link is replaced, not the link. As root, a link of another user is rejected.</param>
    /// <param name="change">Receives the path of the target and returns the new content; null leaves the file unchanged.</param>
    /// <exception cref="IOException">The file cannot be written, or is a device, a pipe or a folder; it is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written for lack of permission; it is unchanged.</exception>
    /// <exception cref="StoreException">Another process holds the lock on its folder for too long.</exception>
    public static void Update(string path, Func<string, byte[]?> change)
    {
        string target = Resolve(path);
        RequireRegular(target);
        using var folder = Folder.MakeForOwner(Path.GetDirectoryName(target)!, Folder.OwnerFolder);
        using FileLock held = FileLock.Wait(() => FileLock.TryTake(folder), s_patience) ?? throw StoreException.Busy(folder.Path, s_patience);
        if (change(target) is { } content)
        {
            string name = Path.GetFileName(target);
            AtomicFile.Write(folder, name, content, like: folder.StatusOf(name));
        }
    }

    private static string Resolve(string path)
    {
        if (FileStatus.Of(path, followLink: false) is not { IsLink: true } link)
        {
            return path;
        }

        // Otherwise the owner of the link would choose the file that root writes.
        return link.User == 0 || link.User == UserAccount.EffectiveUser
            ? File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName
            : throw new UntrustedPathException(path, path, UntrustedReason.Owner, link);
    }

    /// <summary>Refuses device nodes: as root, the rename would replace /dev/null, which people name to have no file, with a regular file.</summary>
    private static void RequireRegular(string path)
    {
        if (FileStatus.Of(path) is { IsRegular: false } status)
        {
            throw new IOException($"it is {status.Kind}, not a regular file.");
        }
    }
}
