using System.Text.Json;
using Bee.Registries;
using Bee.Telemetry.Pictures;

namespace Bee.Telemetry.Tests.Pictures;

/// <summary>A test with a browser, in full runs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = FullRun.IsOn ? Chromium.Obstacle : "it takes long: ./build.sh test -Full";
}

/// <summary>Uses a flame graph in Chromium.</summary>
public sealed class BrowserTests : IDisposable
{
    private const string Hostile = "</title><script>window.hacked=1</script><img src=x onerror=window.hacked=1>";

    // The visible frames, with their positions.
    private const string Frames = """
        JSON.stringify([...document.querySelectorAll('.frames .f')].filter(f => f.style.display !== 'none').map(f =>
            (f.getAttribute('aria-label') || f.querySelector('title').textContent).split(/\n|: /)[0] + ' ' + parseFloat(f.getAttribute('x')) + ' ' + parseFloat(f.getAttribute('width'))))
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-pictures-");

    [BrowserFact]
    public void A_reader_zooms_searches_and_comes_back()
    {
        using var browser = Open();
        string[] whole = ["all 0 100", "dd 0 75", "read 0 25", "write 25 50", "vfs_read 25 12.5", "vfs_write 37.5 37.5", "sh 75 25", "read 75 25"];
        Assert.Equal(whole, Strings(browser, Frames));

        browser.Click("[...document.querySelectorAll('.f')].find(f => f.getAttribute('aria-label').startsWith('write'))");
        Assert.Equal(["all 0 100", "dd 0 100", "write 0 100", "vfs_read 0 25", "vfs_write 25 75"], Strings(browser, Frames));
        Assert.Equal(2, browser.Evaluate("document.querySelectorAll('.under').length").GetInt32());

        // Within the zoomed frame, then within the whole: a match within a match counts once.
        browser.Press("/");
        browser.Type("vfs_r");
        Assert.Equal("1 frame, 25.00 %", Text(browser, "document.querySelector('.found').textContent"));
        browser.Press("Escape");
        Assert.Equal("", Text(browser, "document.querySelector('.found').textContent"));

        browser.Press("Escape");
        Assert.Equal(whole, Strings(browser, Frames));
        browser.Press("/");
        browser.Type("/^(write|vfs_)/");
        Assert.Equal("3 frames, 50.00 %", Text(browser, "document.querySelector('.found').textContent"));
        Assert.Equal(3, browser.Evaluate("document.querySelectorAll('.hit').length").GetInt32());

        browser.Click("[...document.querySelectorAll('.f')].find(f => f.getAttribute('aria-label').startsWith('sh'))");
        Assert.Equal("0 frames, 0.00 %", Text(browser, "document.querySelector('.found').textContent"));
        browser.Click("document.querySelector('.bar button')");
        Assert.Equal(whole, Strings(browser, Frames));
        Assert.True(browser.Evaluate("document.querySelector('.bar button').disabled").GetBoolean());
    }

    [BrowserFact]
    public void The_keyboard_walks_over_frames_and_the_pointer_shows_them()
    {
        using var browser = Open();
        browser.Evaluate("document.querySelector('.f').focus()");
        browser.Press("ArrowUp");
        browser.Press("ArrowUp");
        Assert.StartsWith("write: 4 samples, 50.00 %", Text(browser, "document.activeElement.getAttribute('aria-label')"), StringComparison.Ordinal);
        Assert.Equal("write4 samples, 50.00 %", Text(browser, "document.querySelector('.tip').textContent"));
        browser.Press("ArrowRight");
        browser.Press("Enter");
        Assert.Equal(["all 0 100", "sh 0 100", "read 0 100"], Strings(browser, Frames));
    }

    [BrowserFact]
    public void Names_of_others_run_nothing()
    {
        using var browser = Open(new CallFrame(Hostile, FrameKind.User));
        browser.Press("/");
        browser.Type("script");
        browser.Press("Escape");
        browser.Evaluate("document.querySelector('.f').focus()");
        browser.Press("ArrowUp");

        Assert.Equal("undefined", Text(browser, "typeof window.hacked"));
        Assert.Equal(0, browser.Evaluate("document.querySelectorAll('img').length").GetInt32());
        Assert.Equal(1, browser.Evaluate("document.querySelectorAll('script').length").GetInt32());
    }

    [BrowserFact]
    public void Without_scripts_the_picture_is_static()
    {
        using var browser = Open(runsScripts: false);

        Assert.Equal(0, browser.Evaluate("document.querySelectorAll('.bar').length").GetInt32());
        Assert.Equal("vfs_write\n3 samples, 37.50 %", Text(browser, "document.querySelectorAll('.frames .f > title')[5].textContent"));
        // As wide as the window.
        Assert.InRange(browser.Evaluate("document.querySelector('.f rect').getBoundingClientRect().width / innerWidth").GetDouble(), 0.9, 1);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private Chromium Open(CallFrame? further = null, bool runsScripts = true)
    {
        var profile = Stacks.Profile("samples", "dd;read 2", "dd;write;vfs_read [k] 1", "dd;write;vfs_write [k] 3", "sh;read 2");
        if (further is not null)
        {
            profile.Add(profile.Find([further]), 100);
        }

        var file = Path.Combine(_folder.FullName, "flames.svg");
        using (var stream = File.Create(file))
        {
            FlameGraph.Write(profile, new FlameGraphOptions { Title = further?.Name ?? "title" }, stream);
        }

        return new Chromium(file, 1000, 600, runsScripts);
    }

    private static string Text(Chromium browser, string expression) => browser.Evaluate(expression).GetString()!;

    private static string[] Strings(Chromium browser, string expression) => JsonSerializer.Deserialize<string[]>(Text(browser, expression))!;
}
