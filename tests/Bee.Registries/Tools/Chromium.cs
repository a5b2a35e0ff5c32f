using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Packages;

namespace Bee.Registries;

/// <summary>
/// Debian's Chromium in headless mode; installed, or unpacked into the cache folder with the libraries that this machine lacks. It opens only files and listens on an ephemeral loopback port.
/// Disposing stops it.
/// </summary>
public sealed class Chromium : IDisposable
{
    private const string Package = "chromium-headless-shell";

    private static readonly Lazy<(string? Path, string? Reason)> s_found = new(Find);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-chromium-");
    private readonly Process _process;
    private readonly ClientWebSocket _socket = new();
    private int _id;

    /// <summary>Opens a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="width">The width of the window.</param>
    /// <param name="height">The height of the window.</param>
    /// <param name="runsScripts">True to run the file's scripts.</param>
    public Chromium(string file, int width, int height, bool runsScripts = true)
    {
        (string? program, string? reason) = s_found.Value;
        var start = new ProcessStartInfo(program ?? throw new InvalidOperationException(reason),
            ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", $"--user-data-dir={_folder.FullName}", "--remote-debugging-port=0", $"--window-size={width},{height}", "about:blank"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LD_LIBRARY_PATH"] = string.Join(':', Libraries(program));
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _socket.ConnectAsync(Page(), CancellationToken.None).Wait(s_patience);
        Send("Page.enable");
        Send("Emulation.setScriptExecutionDisabled", new JsonObject { ["value"] = !runsScripts });
        Send("Page.navigate", new JsonObject { ["url"] = new Uri(file).AbsoluteUri });
        Wait("document.readyState === 'complete' && document.documentElement.localName === 'svg'");
    }

    /// <summary>Why Chromium is not available; null if it is.</summary>
    public static string? Obstacle => s_found.Value.Reason;

    /// <summary>Evaluates an expression of JavaScript in the page.</summary>
    public JsonElement Evaluate(string expression)
    {
        JsonElement answer = Send("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true });
        return answer.TryGetProperty("exceptionDetails", out JsonElement fault)
            ? throw new InvalidOperationException(fault.ToString())
            : answer.GetProperty("result").TryGetProperty("value", out JsonElement value) ? value : default;
    }

    /// <summary>Clicks the middle of an element with mouse events.</summary>
    /// <param name="element">A JavaScript expression that returns the element.</param>
    public void Click(string element)
    {
        JsonElement box = Evaluate($"(() => {{ const box = ({element}).getBoundingClientRect(); return {{ x: box.x + box.width / 2, y: box.y + box.height / 2 }}; }})()");
        foreach (string type in new[] { "mouseMoved", "mousePressed", "mouseReleased" })
        {
            Send("Input.dispatchMouseEvent", new JsonObject
            {
                ["type"] = type,
                ["x"] = box.GetProperty("x").GetDouble(),
                ["y"] = box.GetProperty("y").GetDouble(),
                ["button"] = type == "mouseMoved" ? "none" : "left",
                ["clickCount"] = type == "mouseMoved" ? 0 : 1,
            });
        }
    }

    /// <summary>Types text into the focused element.</summary>
    public void Type(string text) => Send("Input.insertText", new JsonObject { ["text"] = text });

    /// <summary>Presses a key.</summary>
    /// <param name="key">The name of the key, such as <c>Escape</c> or <c>/</c>.</param>
    public void Press(string key)
    {
        foreach (string type in new[] { "keyDown", "keyUp" })
        {
            Send("Input.dispatchKeyEvent", new JsonObject { ["type"] = type, ["key"] = key, ["text"] = key.Length == 1 && type == "keyDown" ? key : "" });
        }
    }

    /// <summary>Emulates a preference for dark or light pages.</summary>
    public void Prefer(string scheme) => Send("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });

    /// <summary>Returns a screenshot of the window as PNG.</summary>
    public byte[] Screenshot() => Convert.FromBase64String(Send("Page.captureScreenshot", new JsonObject { ["format"] = "png" }).GetProperty("data").GetString()!);

    /// <summary>Stops the browser.</summary>
    public void Dispose()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A child of the browser was still writing.
        }
    }

    private void Wait(string condition)
    {
        if (!SpinWait.SpinUntil(() => Evaluate(condition).ValueKind == JsonValueKind.True, s_patience))
        {
            throw new InvalidOperationException($"Chromium did not come to: {condition}");
        }
    }

    private Uri Page()
    {
        string file = Path.Combine(_folder.FullName, "DevToolsActivePort");
        if (!SpinWait.SpinUntil(() => File.Exists(file) && File.ReadAllText(file).Contains('\n', StringComparison.Ordinal), s_patience))
        {
            throw new InvalidOperationException("Chromium did not listen.");
        }

        using var client = new HttpClient();
        using var pages = JsonDocument.Parse(client.GetStringAsync(new Uri($"http://127.0.0.1:{File.ReadAllLines(file)[0]}/json/list")).Result);
        return new Uri(pages.RootElement.EnumerateArray().First(page => page.GetProperty("type").GetString() == "page").GetProperty("webSocketDebuggerUrl").GetString()!);
    }

    // Sends one command at a time, and skips events that arrive before its response.
    private JsonElement Send(string method, JsonObject? parameters = null)
    {
        int id = ++_id;
        using var patience = new CancellationTokenSource(s_patience);
        byte[] message = Encoding.UTF8.GetBytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] }.ToJsonString());
        _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, patience.Token).GetAwaiter().GetResult();
        while (true)
        {
            using var answer = new MemoryStream();
            byte[] part = new byte[64 * 1024];
            WebSocketReceiveResult got;
            do
            {
                got = _socket.ReceiveAsync(part, patience.Token).GetAwaiter().GetResult();
                answer.Write(part, 0, got.Count);
            }
            while (!got.EndOfMessage);

            JsonElement root = JsonDocument.Parse(answer.ToArray()).RootElement;
            if (root.TryGetProperty("id", out JsonElement number) && number.GetInt32() == id)
            {
                return root.TryGetProperty("result", out JsonElement result) ? result : throw new InvalidOperationException($"{method}: {root}");
            }
        }
    }

    private static IEnumerable<string> Libraries(string program)
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(program)!, "../../.."));
        return root == "/" ? [] : Directory.EnumerateFiles(root, "*.so*", SearchOption.AllDirectories).Select(file => Path.GetDirectoryName(file)!).Distinct().Order(StringComparer.Ordinal);
    }

    private static (string?, string?) Find()
    {
        if (new[] { "/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/chromium" }.FirstOrDefault(File.Exists) is { } installed)
        {
            return (installed, null);
        }

        try
        {
            string release = File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("VERSION_CODENAME=", StringComparison.Ordinal))?["VERSION_CODENAME=".Length..]
                ?? throw new PackageMissingException("this machine is not a release of Debian");
            string folder = CachedPackage.Obtain("tools", $"{Package}-{release}", (keep, work) => PackageSource.Open(release, null, work).UnpackWithDependencies(Package, keep));
            return (Path.Combine(folder, "usr/lib/chromium", Package), null);
        }
        catch (Exception exception) when (exception is PackageMissingException or IOException or UnauthorizedAccessException)
        {
            return (null, $"{Package} of Debian cannot be had: {exception.Message}");
        }
    }
}
