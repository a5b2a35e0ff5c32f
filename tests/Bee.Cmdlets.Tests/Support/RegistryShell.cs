using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>A shell, a store, and a small image in it that can be given any name.</summary>
internal sealed class RegistryShell : IDisposable
{
    private static readonly string s_text = Sources.Program("raw_tp/sys_enter");

    /// <summary>The store that each starts with.</summary>
    public static readonly BuiltStore Built = new((shell, store) =>
    {
        using var folder = new TempFolder();
        shell.Objects("$null = Invoke-BeeBuild $source -Tag tool:v1 -Store $store", ("source", folder.Write("tool.bpf.c", s_text)), ("store", store));
    });

    private readonly TempFolder _folder = new();

    public RegistryShell()
    {
        Source = _folder.Write("tool.bpf.c", s_text);
        Built.CopyTo(Store);
    }

    /// <summary>The shell.</summary>
    public Shell Shell { get; } = new();

    /// <summary>The C file of the image.</summary>
    public string Source { get; }

    /// <summary>The store with tool:v1.</summary>
    public string Store => _folder["store"];

    /// <summary>A file or folder of the test's own.</summary>
    public string this[string name] => _folder[name];

    /// <summary>The digest that a name of the store has.</summary>
    public string Digest(string reference) => $"{Assert.Single(Objects("(Get-BeeImage $reference -Store $store).Digest", ("reference", reference)))}";

    /// <summary>Another image, so that a name can change.</summary>
    public string BuildAnother(string reference)
    {
        Objects("$null = Invoke-BeeBuild $source -Tag $reference -Description another -Store $store", ("source", Source), ("reference", reference));
        return Digest(reference);
    }

    /// <summary>What a script that must go well gives; $store is the store.</summary>
    public IReadOnlyList<PSObject> Objects(string script, params (string, object?)[] variables) => Shell.Objects(script, [("store", Store), .. variables]);

    /// <summary>The one error of a script.</summary>
    public ErrorRecord Error(string script, params (string, object?)[] variables) => Shell.Error(script, [("store", Store), .. variables]);

    /// <summary>What a script says under -Verbose, with its output left out.</summary>
    public string Verbose(string script, params (string, object?)[] variables) => string.Join('\n', Objects($"{script} -Verbose 4>&1", variables)
        .Where(item => item.BaseObject is VerboseRecord));

    public void Dispose()
    {
        Shell.Dispose();
        _folder.Dispose();
    }
}
