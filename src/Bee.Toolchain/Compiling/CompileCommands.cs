using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Posix;
using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Compiling;

/// <summary>
/// Writes compile_commands.json (clang.llvm.org/docs/JSONCompilationDatabase.html), by which clangd and other tools compile a source as Bee does: with
/// its flags, bee.h, and vmlinux.h from the cache.
/// </summary>
internal static class CompileCommands
{
    /// <summary>The file's name.</summary>
    public const string FileName = "compile_commands.json";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the commands of a program's sources. What the file says of others is kept. It is replaced as a whole, under a lock on its folder.</summary>
    /// <param name="request">What is compiled and how.</param>
    /// <param name="folder">The folder that the file is in.</param>
    /// <param name="cancellationToken">Cancels the search for clang and the wait for the lock.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="JsonException">There is such a file, and it is not a list of commands.</exception>
    /// <exception cref="IOException">It is a link, cannot be read or written, or another process holds the lock.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read or written.</exception>
    /// <exception cref="ToolMissingException">There is no clang.</exception>
    /// <exception cref="KernelBtfException">There is nothing to write vmlinux.h from.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static string Write(CompileRequest request, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var commands = Of(request, cancellationToken);
        var path = Path.Combine(folder, FileName);
        using var open = Folder.Open(folder) ?? throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
        using var held = FileLock.Wait(() => FileLock.TryTake(open), s_patience, cancellationToken) ?? throw new IOException($"Another process holds the lock on '{folder}'.");
        var all = new JsonArray();
        foreach (var other in Others(open, path, commands))
        {
            all.Add(other.DeepClone());
        }

        commands.ForEach(all.Add<JsonNode>);
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(all.ToJsonString(s_format) + "\n"));
        return path;
    }

    private static List<JsonObject> Of(CompileRequest request, CancellationToken cancellationToken)
    {
        var clang = Clang.Find(request.ClangPath, cancellationToken);
        var header = VmlinuxHeader.For(request.VmlinuxBtf, TargetArchitecture.Name(request.Architecture));
        return
        [
            .. from source in request.LinkedSources.Prepend(request.Source).Select(Path.GetFullPath)
               let folder = Path.GetDirectoryName(source)!
               let flags = new CompilerFlags(request, folder, Path.GetDirectoryName(header.Path)!)
               select new JsonObject
               {
                   ["directory"] = folder,
                   ["file"] = source,
                   ["arguments"] = new JsonArray([.. new[] { clang.Path }.Concat(flags.Stable).Concat(flags.Includes).Concat(["-c", "-x", "c", source]).Select(argument => JsonValue.Create(argument))]),
               },
        ];
    }

    // A link is refused: what root reads through a link in another user's folder, it would write into that folder.
    private static IEnumerable<JsonNode> Others(Folder folder, string path, List<JsonObject> commands)
    {
        using var file = folder.OpenFile(FileName, out _);
        if (file is null)
        {
            return [];
        }

        HashSet<string> own = [.. commands.Select(command => (string)command["file"]!)];
        return JsonNode.Parse(RegularFile.ReadAllBytes(file, path, RegularFile.DefaultLimit)) is JsonArray all
            ? [.. all.OfType<JsonNode>().Where(entry => FileOf(entry) is not { } file || !own.Contains(file))]
            : throw new JsonException("It is not a list of commands.");
    }

    private static string? FileOf(JsonNode entry) =>
        entry is JsonObject command && command["file"] is JsonValue file && file.TryGetValue(out string? name) && !name.Contains('\0')
            ? Path.GetFullPath(name, command["directory"] is JsonValue directory && directory.TryGetValue(out string? start) && Path.IsPathRooted(start) && !start.Contains('\0') ? start : "/")
            : null;
}
