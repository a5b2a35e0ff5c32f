using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Posix;
using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Compiling;

/// <summary>
/// Writes compile_commands.json (clang.llvm.org/docs/JSONCompilationDatabase.html), with which clangd and other tools compile a source as Bee does: with
/// its flags, bee.h, and vmlinux.h from the cache.
/// </summary>
internal static class CompileCommands
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "compile_commands.json";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the compile commands of a tool's sources. Commands of other sources are kept. The file is replaced atomically, under a lock on its folder.</summary>
    /// <param name="request">The compilation.</param>
    /// <param name="folder">The folder of the file.</param>
    /// <param name="cancellationToken">Cancels the search for clang and the wait for the lock.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="JsonException">The existing file is not a list of commands.</exception>
    /// <exception cref="IOException">The file is a link, cannot be read or written, or another process holds the lock.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read or write the file.</exception>
    /// <exception cref="ToolMissingException">clang is not installed.</exception>
    /// <exception cref="KernelBtfException">The BTF for vmlinux.h does not exist.</exception>
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

    // Links are rejected: if the link led into another user's folder, root would copy the content there.
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
            : throw new JsonException("The file is not a list of commands.");
    }

    private static string? FileOf(JsonNode entry) =>
        entry is JsonObject command && command["file"] is JsonValue file && file.TryGetValue(out string? name) && !name.Contains('\0')
            ? Path.GetFullPath(name, command["directory"] is JsonValue directory && directory.TryGetValue(out string? start) && Path.IsPathRooted(start) && !start.Contains('\0') ? start : "/")
            : null;
}
